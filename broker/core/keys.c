#include "broker/core/keys_inside.h"

#include "broker/core/document.h"
#include "broker/core/text.h"

static const vdr_party_key *
key_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->party_keys, slot);
}

static vdr_party_key *
key_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->party_keys, slot);
}

static bool
same_bytes(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, VDR_PUBLIC_KEY_BYTES) == 0;
}

static bool
is_none(const uint8_t *key)
{
    static const uint8_t none[VDR_PUBLIC_KEY_BYTES];
    return same_bytes(key, none);
}

bool
vdr_key_needs_two(vdr_party_kind kind)
{
    return kind != VDR_PARTY_AGENCY && kind != VDR_PARTY_REGISSEUR && kind != VDR_PARTY_SERVICE &&
           kind != VDR_PARTY_COORDINATOR;
}

/* ---- texts: a party is kept as KIND:ID, which is how people write it */

#define PARTY_TEXT_MAX 192u

static vdr_span
party_text(vdr_party_kind kind, vdr_span id, uint8_t text[PARTY_TEXT_MAX])
{
    const char *name = vdr_party_kind_name(kind);
    size_t len = strlen(name);
    VDR_ASSERT(len + 1 + id.len <= PARTY_TEXT_MAX);
    memcpy(text, name, len);
    text[len] = ':';
    if (id.len != 0)
        memcpy(text + len + 1, id.at, id.len);
    return vdr_span_of(text, len + 1 + id.len);
}

static bool
is_of(const vdr_state *state, const vdr_party_key *key, vdr_party_kind kind, vdr_span id)
{
    uint8_t text[PARTY_TEXT_MAX];
    return key->kind == (uint32_t)kind &&
           vdr_span_equal(vdr_text_get(&state->texts, key->party), party_text(kind, id, text));
}

static uint32_t
put_text(vdr_state *state, vdr_span text)
{
    return text.len != 0 ? vdr_text_put(&state->texts, text) : 0;
}

/* ---- finding: a town has some hundred keys, and they change by hand */

static vdr_slot
find(const vdr_state *state, const uint8_t *public_key)
{
    for (vdr_slot slot = state->party_keys.next - 1; slot != 0; slot--)
        if (key_at(state, slot)->state != VDR_PARTY_KEY_REFUSED &&
            same_bytes(key_at(state, slot)->public_key, public_key))
            return slot;
    return 0;
}

/* Keys of the party in this state, besides one. */
static uint32_t
count_of(const vdr_state *state, vdr_party_kind kind, vdr_span id, vdr_party_key_state in, vdr_slot besides)
{
    uint32_t count = 0;
    for (vdr_slot slot = 1; slot < state->party_keys.next; slot++) {
        const vdr_party_key *key = key_at(state, slot);
        count += slot != besides && key->state == (uint32_t)in && is_of(state, key, kind, id);
    }
    return count;
}

/* ---- verdicts ---- */

typedef struct key_wish {
    vdr_party_kind kind;
    vdr_span id;
    const uint8_t *public_key, *replaced; /* replaced NULL: none */
    vdr_ms until;
    int64_t overlap_ms;
    vdr_slot own; /* its own record, when it is being approved; else 0 */
} key_wish;

static vdr_err
refuse(const char **ret_words, vdr_err err, const char *words)
{
    *ret_words = words;
    return err;
}

/* May this public key become a key of this party? */
static vdr_err
judge_bytes(const vdr_state *state, const key_wish *wish, const char **ret_words)
{
    vdr_slot slot = find(state, wish->public_key);
    if (is_none(wish->public_key))
        return refuse(ret_words, VDR_E_WRONG_STATE, "this is no public key");
    if (slot == 0 || slot == wish->own)
        return VDR_E_ACCEPTED;
    const vdr_party_key *other = key_at(state, slot);
    if (!is_of(state, other, wish->kind, wish->id))
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "this key is of another party already: every party makes a key pair of its own");
    if (other->state == VDR_PARTY_KEY_EXPIRED || other->state == VDR_PARTY_KEY_REVOKED)
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "this key has ended, and an ended key does not come back: make a new pair");
    return refuse(ret_words, VDR_E_WRONG_STATE,
                  other->state == VDR_PARTY_KEY_PROPOSED ? "this very key is proposed already"
                                                         : "the party has this very key already");
}

static vdr_err
judge_count(const vdr_state *state, const key_wish *wish, const char **ret_words)
{
    uint32_t valid = count_of(state, wish->kind, wish->id, VDR_PARTY_KEY_VALID, 0);
    if (count_of(state, wish->kind, wish->id, VDR_PARTY_KEY_PROPOSED, wish->own) != 0)
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "a key for this party is proposed already: decide on that one first");
    if (wish->replaced == NULL)
        return valid == 0 ? VDR_E_ACCEPTED
                          : refuse(ret_words, VDR_E_WRONG_STATE,
                                   "the party has a key: rotate puts a new one in its place");
    vdr_slot old = find(state, wish->replaced);
    if (same_bytes(wish->replaced, wish->public_key))
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "a key does not take the place of itself: make a new pair");
    if (old != 0 && (key_at(state, old)->state != VDR_PARTY_KEY_VALID ||
                     !is_of(state, key_at(state, old), wish->kind, wish->id)))
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "the key to be replaced has ended, or is not the party's");
    if (valid > (old != 0 ? 1 : 0))
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "the party has two keys already: wait for the old one to end, or revoke it");
    return VDR_E_ACCEPTED;
}

static vdr_err
judge(const vdr_state *state, vdr_ms at, const key_wish *wish, const char **ret_words)
{
    vdr_ms now = at > state->now ? at : state->now;
    bool anybody =
        wish->kind == VDR_PARTY_OPERATOR || wish->kind == VDR_PARTY_AUDITOR; /* in no configuration */
    if (!anybody && !vdr_config_has_party(state->config, wish->kind, wish->id))
        return refuse(ret_words, VDR_E_NOT_FOUND, "the configuration in force has no such party");
    if (now == VDR_MS_NONE || wish->until <= now || wish->until - now > VDR_KEY_TERM_MAX_MS)
        return refuse(ret_words, VDR_E_WRONG_STATE, "the end must lie ahead, at most ten years");
    if (wish->overlap_ms < 0 || wish->overlap_ms > wish->until - now ||
        (wish->overlap_ms == 0) != (wish->replaced == NULL))
        return refuse(ret_words, VDR_E_WRONG_STATE, "the overlap must end before the new key does");
    vdr_err err = judge_bytes(state, wish, ret_words);
    return err == VDR_E_ACCEPTED ? judge_count(state, wish, ret_words) : err;
}

vdr_err
vdr_key_judge(const vdr_state *state, const vdr_command *c, const char **ret_words)
{
    const key_wish wish = {.kind = c->party_kind,
                           .id = c->subject,
                           .public_key = c->public_key.at,
                           .replaced = c->replaced.at,
                           .until = c->until,
                           .overlap_ms = c->overlap_ms};
    return judge(state, c->at, &wish, ret_words);
}

static vdr_span
id_of(const vdr_state *state, const vdr_party_key *key)
{
    vdr_span text = vdr_text_get(&state->texts, key->party);
    size_t skip = strlen(vdr_party_kind_name((vdr_party_kind)key->kind)) + 1;
    return vdr_span_of(text.at + skip, text.len - skip);
}

vdr_err
vdr_key_judge_approval(const vdr_state *state, vdr_ms at, vdr_slot slot, const char **ret_words)
{
    const vdr_party_key *key = key_at(state, slot);
    const key_wish wish = {.kind = (vdr_party_kind)key->kind,
                           .id = id_of(state, key),
                           .public_key = key->public_key,
                           .replaced = is_none(key->replaced) ? NULL : key->replaced,
                           .until = key->until,
                           .overlap_ms = key->overlap_ms,
                           .own = slot};
    return judge(state, at, &wish, ret_words);
}

vdr_err
vdr_key_judge_revoke(const vdr_state *state, const vdr_command *c, const char **ret_words)
{
    vdr_slot slot = find(state, c->public_key.at);
    if (slot == 0)
        return VDR_E_ACCEPTED; /* one of node.yaml: from here on the log knows that it is no good */
    const vdr_party_key *key = key_at(state, slot);
    if (!is_of(state, key, c->party_kind, c->subject))
        return refuse(ret_words, VDR_E_NOT_FOUND, "this key is of another party");
    if (key->state == VDR_PARTY_KEY_EXPIRED || key->state == VDR_PARTY_KEY_REVOKED)
        return refuse(ret_words, VDR_E_WRONG_STATE, "the key has ended already");
    return VDR_E_ACCEPTED;
}

/* ---- what happens to a key ---- */

static vdr_slot
add(vdr_state *state, const vdr_party_key *made)
{
    vdr_slot slot = vdr_slab_take(&state->party_keys);
    *(vdr_party_key *)vdr_slab_edit(&state->party_keys, slot) = *made;
    return slot;
}

static vdr_party_key
new_key(vdr_state *state, vdr_party_kind kind, uint32_t party, const uint8_t *public_key)
{
    vdr_party_key made = {.position = state->stepping,
                          .at = state->now,
                          .from = VDR_MS_NONE,
                          .until = VDR_MS_NONE,
                          .ended_at = VDR_MS_NONE,
                          .kind = kind,
                          .state = VDR_PARTY_KEY_PROPOSED,
                          .party = party};
    memcpy(made.public_key, public_key, VDR_PUBLIC_KEY_BYTES);
    return made;
}

vdr_slot
vdr_key_put(vdr_state *state, const vdr_command *c, vdr_slot reason)
{
    uint8_t text[PARTY_TEXT_MAX];
    uint32_t party = vdr_text_put(&state->texts, party_text(c->party_kind, c->subject, text));
    vdr_party_key made = new_key(state, c->party_kind, party, c->public_key.at);
    made.until = c->until;
    made.overlap_ms = c->overlap_ms;
    made.author = put_text(state, c->author);
    made.reason = reason;
    vdr_document_use(state, reason);
    if (c->replaced.at != NULL)
        memcpy(made.replaced, c->replaced.at, VDR_PUBLIC_KEY_BYTES);
    return add(state, &made);
}

void
vdr_key_is_proposed(vdr_state *state, vdr_slot slot, uint32_t proposal)
{
    key_edit(state, slot)->proposal = proposal;
}

static void
end_at(vdr_state *state, vdr_slot slot, vdr_ms until)
{
    uint64_t order = vdr_state_timer(state, VDR_TIMER_KEY_ENDS, until, slot);
    vdr_party_key *key = key_edit(state, slot);
    key->until = until;
    key->order = order;
}

/* The key before ends with the overlap. One that the log does not know is of node.yaml: from here on it does. */
static void
overlap(vdr_state *state, vdr_slot slot)
{
    const vdr_party_key by = *key_at(state, slot);
    vdr_slot old = find(state, by.replaced);
    if (old == 0) {
        vdr_party_key made = new_key(state, (vdr_party_kind)by.kind, 0, by.replaced);
        made.state = VDR_PARTY_KEY_VALID;
        made.of_file = 1;
        made.from = state->now;
        made.party = vdr_text_put(&state->texts, vdr_text_get(&state->texts, by.party));
        made.author = put_text(state, vdr_text_get(&state->texts, by.author));
        made.reason = by.reason;
        vdr_document_use(state, by.reason);
        old = add(state, &made);
    }
    vdr_ms until = key_at(state, old)->until;
    if (until == VDR_MS_NONE || until > state->now + by.overlap_ms)
        end_at(state, old, state->now + by.overlap_ms);
}

void
vdr_key_begin(vdr_state *state, vdr_slot slot, vdr_span approver)
{
    uint32_t by = put_text(state, approver);
    vdr_party_key *key = key_edit(state, slot);
    key->state = VDR_PARTY_KEY_VALID;
    key->from = state->now;
    key->approver = by;
    end_at(state, slot, key->until);
    if (key_at(state, slot)->overlap_ms != 0)
        overlap(state, slot);
    state->key_changes++;
}

static void
end(vdr_state *state, vdr_slot slot, vdr_party_key_state how)
{
    vdr_party_key *key = key_edit(state, slot);
    key->state = how;
    key->order = 0;
    key->ended_at = state->now;
    key->ended_position = state->stepping;
    state->key_changes++;
}

static void
end_by(vdr_state *state, vdr_slot slot, vdr_party_key_state how, const vdr_command *c)
{
    uint32_t by = put_text(state, c->author);
    vdr_slot why = vdr_document_put(state, c->reason);
    vdr_party_key *key = key_edit(state, slot);
    key->ended_by = by;
    key->ended_why = why;
    end(state, slot, how);
}

void
vdr_key_refuse(vdr_state *state, vdr_slot slot, const vdr_command *decide)
{
    end_by(state, slot, VDR_PARTY_KEY_REFUSED, decide);
}

/* One that is only proposed may be let in by node.yaml meanwhile, and must not come back by an approval. */
uint32_t
vdr_key_revoke(vdr_state *state, const vdr_command *c)
{
    vdr_slot slot = find(state, c->public_key.at);
    bool proposed = slot != 0 && key_at(state, slot)->state == VDR_PARTY_KEY_PROPOSED;
    if (slot == 0) {
        uint8_t text[PARTY_TEXT_MAX];
        uint32_t party = vdr_text_put(&state->texts, party_text(c->party_kind, c->subject, text));
        vdr_party_key made = new_key(state, c->party_kind, party, c->public_key.at);
        made.of_file = 1;
        slot = add(state, &made);
    }
    end_by(state, slot, VDR_PARTY_KEY_REVOKED, c);
    return proposed ? key_at(state, slot)->proposal : 0;
}

void
vdr_key_falls(vdr_state *state, vdr_slot slot, uint64_t order)
{
    if (key_at(state, slot)->order == order)
        end(state, slot, VDR_PARTY_KEY_EXPIRED);
}

vdr_span
vdr_key_party(const vdr_state *state, vdr_slot slot)
{
    return vdr_text_get(&state->texts, key_at(state, slot)->party);
}
