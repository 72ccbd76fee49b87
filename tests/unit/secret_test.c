#include "broker/net/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* The pair of RFC 26's test: a public key and its secret key. */
#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
#define PAIR   PUBLIC "\n" SECRET
#define HEX    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char path[] = "/tmp/vdr-secret-XXXXXX";

static void
put(const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void
a_key_file_must_be_private_and_hold_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
        bool hex;
        vdr_err err;
    } rows[] = {
        {PAIR, 0400, false, VDR_OK},
        {PAIR "\n", 0600, false, VDR_OK},
        {PAIR, 0440, false, VDR_E_BAD_CONFIG},
        {PAIR, 0604, false, VDR_E_BAD_CONFIG},
        {PAIR, 0700, false, VDR_E_BAD_CONFIG},
        {PAIR "x", 0400, false, VDR_E_BAD_CONFIG},
        {SECRET, 0400, false, VDR_E_BAD_CONFIG},
        {PUBLIC " " SECRET, 0400, false, VDR_E_BAD_CONFIG},
        {SECRET "\n" SECRET, 0400, false, VDR_E_BAD_CONFIG},
        {PUBLIC "\n"
                "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%c\"",
         0400, false, VDR_E_BAD_CONFIG},
        {"", 0400, false, VDR_E_BAD_CONFIG},
        {HEX, 0400, true, VDR_OK},
        {HEX "\n", 0400, true, VDR_OK},
        {HEX "00", 0400, true, VDR_E_BAD_CONFIG},
        {"zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0400, true, VDR_E_BAD_CONFIG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char words[VDR_SECRET_WORDS] = "";
        uint8_t *secret = NULL;
        put(rows[i].text, rows[i].mode);
        vdr_err err = rows[i].hex ? vdr_secret_read_hex(path, &secret, words)
                                  : vdr_secret_read_curve(path, &secret, words);
        if (err != rows[i].err)
            print_error("row %zu: %s %s\n", i, vdr_err_code(err), words);
        assert_int_equal(err, rows[i].err);
        if (err == VDR_OK) {
            assert_non_null(secret);
            assert_true(!rows[i].hex || (secret[1] == 1 && secret[31] == 31));
        } else {
            assert_null(secret);
            assert_non_null(strstr(words, path));
            assert_null(strstr(words, "D:)Q"));
        }
        vdr_secret_free(&secret);
        assert_int_equal(unlink(path), 0);
    }
}

static void
a_key_that_is_not_there_or_no_file_is_told(void **state)
{
    (void)state;
    char words[VDR_SECRET_WORDS];
    uint8_t *secret = NULL;
    assert_int_equal(vdr_secret_read_curve("/tmp/vdr-no-such-file", &secret, words), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_secret_read_curve("/tmp", &secret, words), VDR_E_BAD_CONFIG);
    assert_null(secret);
}

/* What the service manager hands over is root's and shows the mask of its access list; nothing else may. */
static void
a_credential_may_show_a_group(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        mode_t mode;
        vdr_err err;
    } rows[] = {
        {"/tmp", 0440, VDR_OK},          {"/tmp", 0444, VDR_E_BAD_CONFIG},
        {"/tm", 0440, VDR_E_BAD_CONFIG}, {"/run/credentials/another", 0440, VDR_E_BAD_CONFIG},
        {"", 0440, VDR_E_BAD_CONFIG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char words[VDR_SECRET_WORDS] = "";
        uint8_t *secret = NULL;
        put(HEX, rows[i].mode);
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", rows[i].folder, 1), 0);
        vdr_err err = geteuid() == 0 || rows[i].err != VDR_OK ? rows[i].err : VDR_E_BAD_CONFIG;
        assert_int_equal(vdr_secret_read_hex(path, &secret, words), err);
        vdr_secret_free(&secret);
        assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
        assert_int_equal(unlink(path), 0);
    }
}

int
main(void)
{
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0 || unlink(path) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_file_must_be_private_and_hold_a_key),
        cmocka_unit_test(a_key_that_is_not_there_or_no_file_is_told),
        cmocka_unit_test(a_credential_may_show_a_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
