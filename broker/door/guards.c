/* guards of town.yaml: how much an agency may send (protocol.md 5.12). */
#include "broker/door/reader.h"
#include "proto/time.h"

#define PER_MAX   (31 * VDR_DAY_MS)
#define COUNT_MAX 1000000u

enum { ID, AGENCY, KIND, TYPE, COUNT, SAME, PER, MAX, THEN, KEYS };

static const vdr_reader_key guard_keys[KEYS] = {
    [ID] = {"id", true},      [AGENCY] = {"agency", false}, [KIND] = {"kind", false},
    [TYPE] = {"type", false}, [COUNT] = {"count", false},   [SAME] = {"same", false},
    [PER] = {"per", true},    [MAX] = {"max", true},        [THEN] = {"then", true},
};

static const char *
count_word(unsigned number)
{
    static const char *const words[] = {"", "signals", "persons"};
    return words[number];
}

static const char *
same_word(unsigned number)
{
    static const char *const words[] = {"", "agency", "address", "buurt"};
    return words[number];
}

static const char *
then_word(unsigned number)
{
    static const char *const words[] = {"", "notice", "refuse"};
    return words[number];
}

/* One word of a list; not given: the first. */
static unsigned
read_word(vdr_reader *reader, const vdr_yaml *value, const char *(*word)(unsigned number), unsigned last)
{
    unsigned number = 1;
    if (value != NULL && !vdr_reader_word(reader, value, word, 1, last, &number))
        number = 1;
    return number;
}

static bool
agency_known(const vdr_config *config, vdr_span id)
{
    for (size_t i = 0; i < config->agency_count; i++)
        if (vdr_span_equal(config->agencies[i].id, id))
            return true;
    return false;
}

static void
read_whom(vdr_reader *reader, const vdr_yaml *const *values, vdr_config_guard *guard)
{
    if (values[AGENCY] != NULL && vdr_reader_name(reader, values[AGENCY], &guard->agency) &&
        !agency_known(reader->config, guard->agency))
        vdr_reader_fault(reader, values[AGENCY]->place, "agency: no agency has the id %.*s",
                         VDR_SHOWN(guard->agency));
    if (values[KIND] != NULL && vdr_reader_name(reader, values[KIND], &guard->kind))
        vdr_reader_known(reader, values[KIND], guard->kind, &reader->kinds, "kind of an agency or of a type");
    if (values[TYPE] != NULL && vdr_reader_name(reader, values[TYPE], &guard->type) && reader->catalogue_read)
        vdr_reader_known(reader, values[TYPE], guard->type, &reader->types, "type of catalogue.yaml");
}

static void
read_guard(vdr_reader *reader, const vdr_yaml *item, vdr_nameset *ids, vdr_config_guard *guard)
{
    const vdr_yaml *values[KEYS];
    if (!vdr_reader_map(reader, item, guard_keys, KEYS, values))
        return;
    if (vdr_reader_name(reader, values[ID], &guard->id))
        vdr_reader_once(reader, values[ID], guard->id, ids);
    read_whom(reader, values, guard);
    guard->count = (vdr_guard_count)read_word(reader, values[COUNT], count_word, VDR_GUARD_PERSONS);
    guard->same = (vdr_guard_same)read_word(reader, values[SAME], same_word, VDR_GUARD_BUURT);
    guard->refuse = read_word(reader, values[THEN], then_word, 2) == 2;
    if (vdr_reader_duration(reader, values[PER], false, &guard->per_ms) && guard->per_ms > PER_MAX)
        vdr_reader_fault(reader, values[PER]->place, "per: expected at most 31d");
    if (vdr_reader_number(reader, values[MAX], &guard->max) && guard->max > COUNT_MAX)
        vdr_reader_fault(reader, values[MAX]->place, "max: expected at most %u", COUNT_MAX);
}

void
vdr_reader_guards(vdr_reader *reader, const vdr_yaml *list)
{
    vdr_nameset ids = {0};
    if (list == NULL || !vdr_reader_is_list(reader, list))
        return;
    vdr_config_guard *guards = vdr_reader_array(reader, list->count, sizeof guards[0]);
    size_t count = 0;
    for (const vdr_yaml *item = list->first; item != NULL && guards != NULL; item = item->next)
        read_guard(reader, item, &ids, &guards[count++]);
    vdr_nameset_done(&ids);
    reader->config->guards = guards;
    reader->config->guard_count = count;
}
