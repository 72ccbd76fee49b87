#!/usr/bin/env python3
"""What the compiler and the linker were asked for is in the programs (deploy/hardening.cmake).

Looks at the programs and the library as built, with readelf. A sanitizer's build is laid out otherwise: of it
only what holds there too is asked."""

import json
import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from broker import BUILD  # noqa: E402

PROGRAMS = {"voordeurd": "broker/voordeurd", "voordeur": "clients/cli/voordeur"}
LIBRARY = {"libvoordeur": "clients/lib/libvoordeur.so"}
# Whatever is loaded is part of what must be trusted: a new one is a decision, made here.
LOADED = {"libzmq.so.5", "liblmdb.so.0", "liblz4.so.1", "libxxhash.so.0", "libsodium.so.23", "libprotobuf-c.so.1",
          "libfyaml.so.0", "libjansson.so.4", "libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2",
          "ld-linux-aarch64.so.1"}
# No bound at all, or no business of a broker's.
NEVER = {"gets", "strcpy", "strcat", "sprintf", "vsprintf", "tmpnam", "mktemp", "tempnam"}
NEVER_IN_THE_DAEMON = {"system", "popen", "execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe", "fork",
                       "vfork", "posix_spawn", "posix_spawnp", "dlopen", "ptrace"}


def cache(name):
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as f:
        found = re.search(r"^%s:[A-Z]+=(.*)$" % name, f.read(), re.M)
    return found.group(1) if found else ""


def readelf(option, path):
    return subprocess.run(["readelf", option, "-W", path], check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


class File:
    def __init__(self, path):
        self.path = os.path.join(BUILD, path)
        self.type = re.search(r"Type:\s+(\S+)", readelf("-h", self.path)).group(1)
        segments = readelf("-l", self.path)
        # type, offset, two addresses, two sizes, flags, alignment
        self.segments = re.findall(r"^  ([A-Z_]+) +0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([RWE ]{3}) ", segments, re.M)
        dynamic = readelf("-d", self.path)
        self.flags = set(" ".join(re.findall(r"\(FLAGS(?:_1)?\)\s+(?:Flags: )?(.*)", dynamic)).split())
        self.tags = set(re.findall(r"\(([A-Z0-9_]+)\)", dynamic))
        self.needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        self.imports = {name.split("@")[0] for name in re.findall(r" UND (\S+)", readelf("--dyn-syms", self.path))}


class Built(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sanitized = cache("VDR_SANITIZE") != ""
        cls.optimised = cache("CMAKE_BUILD_TYPE") != "Debug"
        cls.programs = {name: File(path) for name, path in PROGRAMS.items()}
        cls.files = {**cls.programs, **{name: File(path) for name, path in LIBRARY.items()}}

    def test_addresses_are_random_and_nothing_is_writable_and_executable(self):
        for name, f in self.files.items():
            with self.subTest(name):
                self.assertEqual(f.type, "DYN")
                self.assertNotIn("TEXTREL", f.tags)
                stacks = [rights for kind, rights in f.segments if kind == "GNU_STACK"]
                self.assertEqual(stacks, ["RW "])
                loads = [rights for kind, rights in f.segments if kind == "LOAD"]
                self.assertGreater(len(loads), 2)
                self.assertEqual([rights for rights in loads if "W" in rights and "E" in rights], [])
        for name, f in self.programs.items():
            self.assertIn("PIE", f.flags, name)

    def test_links_are_made_at_the_start_and_then_read_only(self):
        for name, f in self.files.items():
            with self.subTest(name):
                self.assertIn("GNU_RELRO", [kind for kind, _ in f.segments])
                self.assertIn("NOW", f.flags)
                self.assertEqual(f.tags & {"RPATH", "RUNPATH"}, set())

    def test_nothing_is_loaded_that_was_not_decided_upon(self):
        if self.sanitized:
            self.skipTest("a sanitizer brings its own")
        for name, f in self.files.items():
            self.assertEqual(f.needed - LOADED, set(), name)

    def test_the_stack_and_what_is_copied_are_watched(self):
        for name, f in self.files.items():
            with self.subTest(name):
                self.assertIn("__stack_chk_fail", f.imports)
                if self.optimised and not self.sanitized:
                    self.assertLessEqual({"__memcpy_chk", "__snprintf_chk"}, f.imports)
                self.assertEqual(f.imports & NEVER, set())
        if not self.sanitized:
            self.assertEqual(self.programs["voordeurd"].imports & NEVER_IN_THE_DAEMON, set())

    def test_every_file_is_compiled_so(self):
        wanted = ["-fstack-protector-strong", "-fstack-clash-protection", "-fno-strict-overflow",
                  "-fno-delete-null-pointer-checks"]
        if os.uname().machine == "x86_64":
            wanted.append("-fcf-protection=full")
        if not self.sanitized:
            wanted.append("-ftrivial-auto-var-init=zero")
            if self.optimised:
                wanted.append("-D_FORTIFY_SOURCE=3")
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as f:
            commands = json.load(f)
        self.assertGreater(len(commands), 100)
        for entry in commands:
            said = entry["command"].split()
            for flag in wanted:
                self.assertIn(flag, said, entry["file"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
