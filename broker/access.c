#include "broker/access.h"

#define KINDS (VDR_PARTY_OPERATOR + 1)

/* Columns of every table: none, agency, regisseur, service, coordinator, privacy officer, operator. */

/* clang-format off: tables keep their columns */
static const bool frames[VDR_FRAME_TYPE_MAX + 1][KINDS] = {
    /*                         -  agency regiss. service coord. privacy operator */
    [VDR_FRAME_HELLO] = {0, 1, 1, 1, 1, 1, 1},     [VDR_FRAME_PUBLISH] = {0, 1, 1, 1, 1, 1, 0},
    [VDR_FRAME_SUBSCRIBE] = {0, 1, 1, 1, 1, 1, 1}, [VDR_FRAME_CREDIT] = {0, 1, 1, 1, 1, 1, 1},
    [VDR_FRAME_ACK] = {0, 1, 1, 1, 1, 1, 0},       [VDR_FRAME_READ] = {0, 1, 1, 1, 1, 1, 1},
    [VDR_FRAME_DECISIONS] = {0, 0, 0, 0, 0, 0, 1}, [VDR_FRAME_ADMIN] = {0, 0, 0, 0, 0, 0, 1},
    [VDR_FRAME_PING] = {0, 1, 1, 1, 1, 1, 1},      [VDR_FRAME_PONG] = {0, 1, 1, 1, 1, 1, 1},
    [VDR_FRAME_BYE] = {0, 1, 1, 1, 1, 1, 1},
};

#define OWN VDR_MAILBOX_OWN
static const vdr_access_mailbox mailboxes[KINDS] = {VDR_MAILBOX_NONE, OWN, OWN, OWN, OWN, OWN,
                                                    VDR_MAILBOX_ANY};
#undef OWN

#define NO   VDR_RELATION_NONE
#define ANY  VDR_RELATION_ANY
#define R(x) VDR_RELATION_##x
static const vdr_relation queries[VDR_QUERY_TRY + 1][KINDS] = {
    /*                          -   agency         regisseur          service            coordinator        privacy operator */
    [VDR_QUERY_STATUS] = {NO, ANY, ANY, ANY, ANY, ANY, ANY},
    [VDR_QUERY_CASE] = {NO, NO, R(CASE_HELD), NO, ANY, NO, ANY},
    [VDR_QUERY_SIGNAL] = {NO, R(SIGNAL_OWN), R(SIGNAL_HELD), R(SIGNAL_ROUTED), R(SIGNAL_CARE), NO, NO},
    [VDR_QUERY_HOUSEHOLD] = {NO, NO, R(HOUSEHOLD_HELD), NO, R(HOUSEHOLD_CARE), ANY, NO},
    [VDR_QUERY_INBOX] = {NO, NO, ANY, NO, ANY, NO, NO},
    [VDR_QUERY_REGISSEURS] = {NO, NO, NO, NO, ANY, NO, ANY},
    [VDR_QUERY_EXPLAIN] = {NO, NO, R(CASE_HELD), NO, NO, NO, ANY},
    [VDR_QUERY_TRY] = {NO, NO, NO, NO, NO, NO, ANY},
};
#undef NO
#undef ANY
#undef R

static const bool inboxes[VDR_INBOX_REVIEWS + 1][KINDS] = {
    /*                      -  agency regiss. service coord. privacy operator */
    [VDR_INBOX_ALL] = {0, 0, 1, 0, 1, 0, 0},
    [VDR_INBOX_CASES] = {0, 0, 1, 0, 1, 0, 0},
    [VDR_INBOX_OVERDUE] = {0, 0, 0, 0, 1, 0, 0},
    [VDR_INBOX_REVIEWS] = {0, 0, 0, 0, 1, 0, 0},
};

/* clang-format on */

#define NAMES    (VDR_SEE_NAME | VDR_SEE_FACTS | VDR_SEE_TERMS)
#define CASE_ALL (VDR_SEE_CASE | VDR_SEE_SIGNALS | VDR_SEE_GOALS | VDR_SEE_ENDED_WITH)
#define MEMBERS  (VDR_SEE_HOUSEHOLD | VDR_SEE_MEMBERS)

static const unsigned signals[KINDS] = {
    [VDR_PARTY_AGENCY] = VDR_SEE_NAME | VDR_SEE_FACTS | VDR_SEE_LEAVES,
    [VDR_PARTY_REGISSEUR] = NAMES | VDR_SEE_CONTENT | VDR_SEE_PLACE,
    [VDR_PARTY_SERVICE] = NAMES | VDR_SEE_CONTENT | VDR_SEE_SERVICE,
    [VDR_PARTY_COORDINATOR] = NAMES | VDR_SEE_PLACE | VDR_SEE_SERVICE,
};

static const unsigned case_signals[KINDS] = {
    [VDR_PARTY_REGISSEUR] = NAMES | VDR_SEE_CONTENT,
    [VDR_PARTY_COORDINATOR] = NAMES,
    [VDR_PARTY_OPERATOR] = VDR_SEE_NAME,
};

static const unsigned cases[2][KINDS] = {
    {/* ended */
     [VDR_PARTY_REGISSEUR] = VDR_SEE_CASE | VDR_SEE_ENDED_WITH,
     [VDR_PARTY_COORDINATOR] = VDR_SEE_CASE | VDR_SEE_SIGNALS,
     [VDR_PARTY_OPERATOR] = VDR_SEE_CASE | VDR_SEE_SIGNALS},
    {/* open */
     [VDR_PARTY_REGISSEUR] = CASE_ALL,
     [VDR_PARTY_COORDINATOR] = VDR_SEE_CASE | VDR_SEE_SIGNALS,
     [VDR_PARTY_OPERATOR] = VDR_SEE_CASE | VDR_SEE_SIGNALS},
};

static const unsigned households[2][KINDS] = {
    {/* not under review */
     [VDR_PARTY_REGISSEUR] = MEMBERS | VDR_SEE_NUMBERS,
     [VDR_PARTY_COORDINATOR] = MEMBERS,
     [VDR_PARTY_PRIVACY_OFFICER] = VDR_SEE_HOUSEHOLD},
    {/* under review */
     [VDR_PARTY_REGISSEUR] = MEMBERS | VDR_SEE_NUMBERS,
     [VDR_PARTY_COORDINATOR] = MEMBERS | VDR_SEE_NUMBERS,
     [VDR_PARTY_PRIVACY_OFFICER] = VDR_SEE_HOUSEHOLD},
};

static bool
is_kind(vdr_party_kind kind)
{
    return (unsigned)kind < KINDS;
}

bool
vdr_access_frame(vdr_party_kind kind, vdr_frame_type type)
{
    return is_kind(kind) && (unsigned)type <= VDR_FRAME_TYPE_MAX && frames[type][kind];
}

vdr_access_mailbox
vdr_access_subscribe(vdr_party_kind kind)
{
    return is_kind(kind) ? mailboxes[kind] : VDR_MAILBOX_NONE;
}

vdr_relation
vdr_access_query(vdr_party_kind kind, vdr_query query)
{
    return is_kind(kind) && (unsigned)query <= VDR_QUERY_TRY ? queries[query][kind] : VDR_RELATION_NONE;
}

bool
vdr_access_inbox(vdr_party_kind kind, vdr_inbox_part part)
{
    return is_kind(kind) && (unsigned)part <= VDR_INBOX_REVIEWS && inboxes[part][kind];
}

unsigned
vdr_access_case(vdr_party_kind kind, bool open)
{
    return is_kind(kind) ? cases[open][kind] : 0;
}

unsigned
vdr_access_case_signal(vdr_party_kind kind)
{
    return is_kind(kind) ? case_signals[kind] : 0;
}

unsigned
vdr_access_signal(vdr_party_kind kind)
{
    return is_kind(kind) ? signals[kind] : 0;
}

unsigned
vdr_access_household(vdr_party_kind kind, bool under_review)
{
    return is_kind(kind) ? households[under_review][kind] : 0;
}

bool
vdr_access_verb(vdr_party_kind kind, vdr_verb verb)
{
    bool known = (verb >= VDR_VERB_STATUS && verb <= VDR_VERB_CHECK) ||
                 (verb >= VDR_VERB_PROPOSE && verb <= VDR_VERB_SHADOW_LOOK) ||
                 (verb >= VDR_VERB_VERIFY && verb <= VDR_VERB_HEADS);
    return known && kind == VDR_PARTY_OPERATOR;
}
