# The OpenSSF guide to hardening C (compiler options), as far as gcc 12 and clang 14 know them. All code, also the
# generated, is built with these; tests/integration/built_test.py looks at what came out.
include(CheckCCompilerFlag)
include(CheckPIESupported)

# Executables at random addresses, too. CMAKE_POSITION_INDEPENDENT_CODE says it to the compiler, this to the linker.
check_pie_supported(LANGUAGES C)

set(hardening
    -fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks
    -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND hardening -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    list(APPEND hardening -mbranch-protection=standard)
endif()
if(NOT VDR_SANITIZE) # where a sanitizer or valgrind looks, what was never written must stay so
    # clang before 16 wants to hear that one knows of its past as an experiment.
    check_c_compiler_flag(-ftrivial-auto-var-init=zero VDR_HAS_ZERO_INIT)
    set(acknowledged -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
    check_c_compiler_flag("-ftrivial-auto-var-init=zero ${acknowledged}" VDR_HAS_ZERO_INIT_IF_ASKED)
    if(VDR_HAS_ZERO_INIT)
        list(APPEND hardening -ftrivial-auto-var-init=zero)
    elseif(VDR_HAS_ZERO_INIT_IF_ASKED)
        list(APPEND hardening -ftrivial-auto-var-init=zero ${acknowledged})
    endif()
    # Needs an optimiser; 3 also where a size is known at run time only.
    if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
        list(APPEND hardening -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    endif()
endif()
add_compile_options(${hardening})
add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed
    -Wl,--no-copy-dt-needed-entries)
# Not -z nodlopen: the linker leaves it out of programs, and libvoordeur may be loaded from other languages.
