/* Law: any bytes are read as a configuration, or refused with at least one fault whose place lies in the
 * file, and whose words are UTF-8 that steers no terminal. A line of three dots separates the files. */
#include "broker/door/config_read.h"
#include "proto/assert.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

static void
split(vdr_span all, vdr_config_texts *ret_texts)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    size_t from = 0;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        size_t to = from;
        while (to < all.len && !(all.len - to >= 5 && memcmp(all.at + to, "\n...\n", 5) == 0))
            to++;
        ret_texts->name[i] = vdr_span_str(names[i]);
        ret_texts->text[i] = vdr_span_of(all.at + from, to - from);
        from = to + 5 <= all.len ? to + 5 : all.len;
    }
}

static bool
is_for_people(vdr_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\t' && vdr_utf8_control(text, i) != 0)
            return false;
    return vdr_span_is_utf8(text);
}

static uint32_t
lines_of(vdr_span text)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n' || text.at[i] == '\r';
    return lines;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const uint8_t none[1] = {0};
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    char text[4096];

    split(vdr_span_of(len != 0 ? at : none, len), &texts);
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_read(&texts, &faults, &config);
    VDR_ASSERT((err == VDR_OK) == (faults.count == 0) && (err == VDR_OK) == (config != NULL));
    for (size_t i = 0; i < faults.count; i++) {
        VDR_ASSERT(faults.at[i].line >= 1 &&
                   faults.at[i].line <= lines_of(texts.text[faults.at[i].file]) + 1);
        VDR_ASSERT(faults.at[i].column >= 1 && faults.at[i].message.len != 0);
        VDR_ASSERT(is_for_people(faults.at[i].message) && is_for_people(faults.at[i].source));
        VDR_ASSERT(vdr_config_fault_text(&faults.at[i], text, sizeof text) > 8);
    }
    vdr_config_free(&config);
    vdr_config_faults_done(&faults);
    return 0;
}
