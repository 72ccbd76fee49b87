#include "proto/words.h"

typedef struct row {
    unsigned number;
    const char *word;
} row;

static const char *
name_of(const row *rows, size_t count, unsigned number)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number)
            return rows[i].word;
    }
    return "";
}

/* The number of a word; 0: no such word. */
static unsigned
number_of(const row *rows, size_t count, vdr_span word)
{
    for (size_t i = 0; i < count; i++) {
        if (vdr_span_equal(vdr_span_str(rows[i].word), word))
            return rows[i].number;
    }
    return 0;
}

#define ROW(sym, number, word) {number, word},

#define WORDS(type, noun, TABLE)                                                                             \
    static const row noun##_rows[] = {TABLE(ROW)};                                                           \
                                                                                                             \
    const char *vdr_##noun##_name(type value)                                                                \
    {                                                                                                        \
        return name_of(noun##_rows, sizeof noun##_rows / sizeof(row), (unsigned)value);                      \
    }                                                                                                        \
                                                                                                             \
    bool vdr_##noun##_find(vdr_span word, type *ret_value)                                                   \
    {                                                                                                        \
        unsigned number = number_of(noun##_rows, sizeof noun##_rows / sizeof(row), word);                    \
        if (number == 0)                                                                                     \
            return false;                                                                                    \
        *ret_value = (type)number;                                                                           \
        return true;                                                                                         \
    }                                                                                                        \
                                                                                                             \
    bool vdr_##noun##_known(unsigned number)                                                                 \
    {                                                                                                        \
        return name_of(noun##_rows, sizeof noun##_rows / sizeof(row), number)[0] != '\0';                    \
    }

WORDS(vdr_match, match, VDR_MATCH_TABLE)
WORDS(vdr_outcome, outcome, VDR_OUTCOME_TABLE)
WORDS(vdr_case_state, case_state, VDR_CASE_STATE_TABLE)
WORDS(vdr_change, change, VDR_CHANGE_TABLE)
WORDS(vdr_priority, priority, VDR_PRIORITY_TABLE)
WORDS(vdr_level, level, VDR_LEVEL_TABLE)
WORDS(vdr_signal_kind, signal_kind, VDR_SIGNAL_KIND_TABLE)
WORDS(vdr_message_kind, message_kind, VDR_MESSAGE_TABLE)
WORDS(vdr_command, command, VDR_COMMAND_TABLE)
WORDS(vdr_party_kind, party_kind, VDR_PARTY_TABLE)

bool
vdr_command_of_type(vdr_span type, vdr_command *ret_command)
{
    static const char before[] = "nl.voordeur.", after[] = ".v1";
    size_t head = sizeof before - 1, tail = sizeof after - 1;

    if (type.len <= head + tail || memcmp(type.at, before, head) != 0 ||
        memcmp(type.at + type.len - tail, after, tail) != 0)
        return false;
    return vdr_command_find(vdr_span_of(type.at + head, type.len - head - tail), ret_command);
}
