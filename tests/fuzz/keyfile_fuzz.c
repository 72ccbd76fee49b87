/* Law: the broker and the client library agree on whether a file is a key pair, and on which; a file that is not is
 * refused with words that show nothing of it. Two line ends more or less are nothing to the broker. The key of 64
 * digits is what its digits say. */
#include "broker/net/secret.h"
#include "clients/lib/client.h"
#include "proto/assert.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

static char path[] = "/tmp/voordeur-keyfile-XXXXXX";

static void
remove_file(void)
{
    (void)unlink(path);
}

static void
hex_law(vdr_span bytes)
{
    char words[VDR_SECRET_WORDS];
    uint8_t *secret = NULL;
    size_t digits = 0;
    if (vdr_secret_read_hex(path, &secret, words) != VDR_OK)
        return;
    while (digits < bytes.len && ((bytes.at[digits] >= '0' && bytes.at[digits] <= '9') ||
                                  (bytes.at[digits] >= 'a' && bytes.at[digits] <= 'f') ||
                                  (bytes.at[digits] >= 'A' && bytes.at[digits] <= 'F')))
        digits++;
    VDR_ASSERT(digits == 64);
    vdr_secret_free(&secret);
}

static void
pair_law(vdr_span bytes)
{
    char words[VDR_SECRET_WORDS] = "", public_key[VDR_CLIENT_KEY_TEXT], secret_key[VDR_CLIENT_KEY_TEXT];
    uint8_t *secret = NULL, decoded[VDR_SECRET_BYTES];
    vdr_err of_broker = vdr_secret_read_curve(path, &secret, words);
    VDR_ASSERT(of_broker == VDR_OK || words[0] != '\0');
    vdr_err of_library = vdr_lib_keyfile_read_pair(path, public_key, secret_key, words);
    if (of_library == VDR_OK) {
        VDR_ASSERT(of_broker == VDR_OK && zmq_z85_decode(decoded, secret_key) != NULL);
        VDR_ASSERT(memcmp(decoded, secret, sizeof decoded) == 0);
    }
    if (of_broker == VDR_OK) { /* the library takes one line end at most, and no other kind */
        bool plain = bytes.len <= 82 && memchr(bytes.at, '\r', bytes.len) == NULL;
        VDR_ASSERT(of_library == VDR_OK || !plain);
        vdr_secret_free(&secret);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static int fd = -1;
    static const uint8_t none[1] = {0};
    if (fd < 0) {
        fd = mkstemp(path);
        VDR_ASSERT(fd >= 0 && atexit(remove_file) == 0);
    }
    if (len > 4096)
        return 0;
    VDR_ASSERT(ftruncate(fd, 0) == 0 && pwrite(fd, at != NULL ? at : none, len, 0) == (ssize_t)len);
    vdr_span bytes = vdr_span_of(len != 0 ? at : none, len);
    hex_law(bytes);
    pair_law(bytes);
    return 0;
}
