/* The rows. Columns: agency, regisseur, service, coordinator, privacy officer, operator, auditor.
 *
 * To add a verb or a field: a row here, a line in tests/integration/access_expected.py (which judges), and a word in
 * protocol.md. tests/unit/access_test.c fails where one has no row. */
#include "broker/access/table.h"

#include "broker/access/access.h"
#include "proto/assert.h"
#include "proto/explain.h"

/* clang-format off */

enum {
    no = VDR_RELATION_NONE,
    any = VDR_RELATION_ANY,
    self = VDR_RELATION_SELF,
    sent = VDR_RELATION_SENT,
    routed = VDR_RELATION_ROUTED,
    held = VDR_RELATION_HELD,
    care = VDR_RELATION_CARE,
    /* the same, and everything else by breaking the glass */
    held_g = VDR_RELATION_HELD | VDR_RELATION_GLASS,
    any_g = VDR_RELATION_ANY | VDR_RELATION_GLASS,
    care_g = VDR_RELATION_CARE | VDR_RELATION_GLASS,
    only_g = VDR_RELATION_NONE | VDR_RELATION_GLASS
};

static const vdr_access_row rows[] = {
    /*                                                                                      agency  regiss. service coord.  privacy operat. auditor */
    {VDR_ACCESS_FRAME, VDR_FRAME_HELLO, "hello",                                           {any,    any,    any,    any,    any,    any,    any}},
    {VDR_ACCESS_FRAME, VDR_FRAME_PUBLISH, "publish",                                       {self,   self,   self,   self,   self,   no,     no}},
    {VDR_ACCESS_FRAME, VDR_FRAME_SUBSCRIBE, "subscribe",                                   {self,   self,   self,   self,   self,   any,    no}},
    {VDR_ACCESS_FRAME, VDR_FRAME_CREDIT, "credit",                                         {self,   self,   self,   self,   self,   self,   no}},
    {VDR_ACCESS_FRAME, VDR_FRAME_ACK, "ack",                                               {self,   self,   self,   self,   self,   no,     no}},
    {VDR_ACCESS_FRAME, VDR_FRAME_READ, "read",                                             {any,    any,    any,    any,    any,    any,    any}},
    {VDR_ACCESS_FRAME, VDR_FRAME_DECISIONS, "decisions",                                   {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_FRAME, VDR_FRAME_ADMIN, "admin",                                           {no,     no,     no,     no,     any,    any,    any}},
    {VDR_ACCESS_FRAME, VDR_FRAME_PING, "ping",                                             {any,    any,    any,    any,    any,    any,    any}},
    {VDR_ACCESS_FRAME, VDR_FRAME_PONG, "pong",                                             {any,    any,    any,    any,    any,    any,    any}},
    {VDR_ACCESS_FRAME, VDR_FRAME_BYE, "bye",                                               {any,    any,    any,    any,    any,    any,    any}},

    {VDR_ACCESS_MAILBOX, VDR_PARTY_AGENCY, "agency",                                       {self,   no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_MAILBOX, VDR_PARTY_REGISSEUR, "regisseur",                                 {no,     self,   no,     no,     no,     any,    no}},
    {VDR_ACCESS_MAILBOX, VDR_PARTY_SERVICE, "service",                                     {no,     no,     self,   no,     no,     any,    no}},
    {VDR_ACCESS_MAILBOX, VDR_PARTY_COORDINATOR, "coordinator",                             {no,     no,     no,     self,   no,     any,    no}},
    {VDR_ACCESS_MAILBOX, VDR_PARTY_PRIVACY_OFFICER, "privacy_officer",                     {no,     no,     no,     no,     self,   no,     no}},

    {VDR_ACCESS_ACT, VDR_ACT_SIGNAL_WITHDRAWN, "signal_withdrawn",                         {sent,   no,     no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_SIGNAL_ENDED, "signal_ended",                                 {sent,   no,     no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_FEEDBACK, "feedback",                                         {no,     no,     routed, no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CASE_ACCEPTED, "case_accepted",                               {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CASE_DECLINED, "case_declined",                               {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CASE_DISMISSED, "case_dismissed",                             {no,     held,   no,     care,   no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CASE_ASSIGNED, "case_assigned",                               {no,     no,     no,     any,    no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_HANDOVER_OFFERED, "handover_offered",                         {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_HANDOVER_ACCEPTED, "handover_accepted",                       {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CASE_ESCALATED, "case_escalated",                             {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_PLAN_SET, "plan_set",                                         {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CASE_CLOSED, "case_closed",                                   {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_HOUSEHOLD_MERGED, "household_merged",                         {no,     no,     no,     any,    no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_HOUSEHOLD_SPLIT, "household_split",                           {no,     no,     no,     any,    no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_PERSON_MOVED, "person_moved",                                 {any,    no,     no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_ERASED, "erased",                                             {no,     no,     no,     no,     any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CONFLICT_DECLARED, "conflict_declared",                       {no,     self,   no,     any,    any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_CONFLICT_LIFTED, "conflict_lifted",                           {no,     no,     no,     any,    any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_OBJECTED, "objected",                                         {no,     no,     no,     no,     any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_OBJECTION_DECIDED, "objection_decided",                       {no,     no,     no,     no,     any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_RESTRICTED, "restricted",                                     {no,     no,     no,     no,     any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_RESTRICTION_LIFTED, "restriction_lifted",                     {no,     no,     no,     no,     any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_ERASURE_REQUESTED, "erasure_requested",                       {no,     no,     no,     no,     any,    no,     no}},
    {VDR_ACCESS_ACT,
     VDR_ACT_ERASURE_REQUEST_WITHDRAWN,
     "erasure_request_withdrawn",
     {no, no, no, no, any, no, no}},
    {VDR_ACCESS_ACT, VDR_ACT_HOLD_PLACED, "hold_placed",                                   {no,     no,     no,     any,    any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_HOLD_CONFIRMED, "hold_confirmed",                             {no,     no,     no,     any,    any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_HOLD_LIFTED, "hold_lifted",                                   {no,     no,     no,     any,    any,    no,     no}},
    {VDR_ACCESS_ACT,
     VDR_ACT_RECTIFICATION_REQUESTED,
     "rectification_requested",
     {no, no, no, no, any, no, no}},
    {VDR_ACCESS_ACT, VDR_ACT_PERSON_ERASED, "person_erased",                               {no,     no,     no,     no,     any,    no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_NOTE_SENT, "note_sent",                                       {no,     held,   no,     no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_NOTE_ANSWERED, "note_answered",                               {sent,   no,     routed, no,     no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_ABSENCE_SET, "absence_set",                                   {no,     self,   no,     any,    no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_ABSENCE_LIFTED, "absence_lifted",                             {no,     self,   no,     any,    no,     no,     no}},
    {VDR_ACCESS_ACT, VDR_ACT_REVIEW_SET_ASIDE, "review_set_aside",                         {no,     no,     no,     any,    no,     no,     no}},

    {VDR_ACCESS_QUERY, VDR_QUERY_STATUS, "status",                                         {self,   self,   self,   self,   self,   self,   self}},
    {VDR_ACCESS_QUERY, VDR_QUERY_CASE, "case",                                             {no,     held_g, no,     any_g,  only_g, any,    no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_SIGNAL, "signal",                                         {sent,   held_g, routed, care_g, only_g, no,     no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_HOUSEHOLD, "household",                                   {no,     held_g, no,     care_g, any_g,  no,     no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_INBOX, "inbox",                                           {no,     self,   no,     any,    no,     no,     no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_REGISSEURS, "regisseurs",                                 {no,     no,     no,     any,    no,     any,    no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_EXPLAIN, "explain",                                       {no,     held,   no,     no,     no,     any,    no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_TRY, "try",                                               {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_REQUESTS, "requests",                                     {no,     no,     no,     care,   any,    no,     no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_PERSON, "person",                                         {no,     no,     no,     no,     only_g, no,     no}},
    {VDR_ACCESS_QUERY, VDR_QUERY_DIRECTORY, "directory",                                   {any,    any,    any,    any,    any,    any,    no}},

    {VDR_ACCESS_INBOX, VDR_INBOX_ALL, "all",                                               {no,     self,   no,     any,    no,     no,     no}},
    {VDR_ACCESS_INBOX, VDR_INBOX_CASES, "cases",                                           {no,     self,   no,     any,    no,     no,     no}},
    {VDR_ACCESS_INBOX, VDR_INBOX_OVERDUE, "overdue",                                       {no,     no,     no,     any,    no,     no,     no}},
    {VDR_ACCESS_INBOX, VDR_INBOX_REVIEWS, "reviews",                                       {no,     no,     no,     any,    no,     no,     no}},

    {VDR_ACCESS_VERB, VDR_VERB_STATUS, "status",                                           {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_RELOAD, "reload",                                           {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_CLOCK_ADVANCE, "clock-advance",                             {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_BACKUP, "backup",                                           {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_CHECKPOINT, "checkpoint",                                   {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_SESSIONS, "sessions",                                       {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_MAILBOXES, "mailboxes",                                     {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_DRAIN, "drain",                                             {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_UNDRAIN, "undrain",                                         {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_STOP, "stop",                                               {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_REPORT, "report",                                           {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_CHECK, "check",                                             {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_PROPOSE, "propose",                                         {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_APPROVE, "approve",                                         {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_REJECT, "reject",                                           {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_WITHDRAW, "withdraw",                                       {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_ROLLBACK, "rollback",                                       {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_PROPOSALS, "proposals",                                     {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_VERSIONS, "versions",                                       {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_TEXTS, "texts",                                             {no,     no,     no,     no,     any,    any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_PAUSE, "pause",                                             {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_PAUSES, "pauses",                                           {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_RESUME, "resume",                                           {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_BACKTEST, "backtest",                                       {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_BACKTEST_LOOK, "backtest-look",                             {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_BACKTEST_STOP, "backtest-stop",                             {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_SHADOW_START, "shadow-start",                               {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_SHADOW_STOP, "shadow-stop",                                 {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_SHADOW_LOOK, "shadow-look",                                 {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_KEY_ADD, "key-add",                                         {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_KEY_ROTATE, "key-rotate",                                   {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_KEY_REVOKE, "key-revoke",                                   {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_KEYS, "keys",                                               {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_VERIFY, "verify",                                           {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_VERIFY_LOOK, "verify-look",                                 {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_HEADS, "heads",                                             {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_AUDIT, "audit",                                             {no,     no,     no,     no,     any,    no,     any}},
    {VDR_ACCESS_VERB, VDR_VERB_AUDIT_LOOK, "audit-look",                                   {no,     no,     no,     no,     any,    no,     any}},
    {VDR_ACCESS_VERB, VDR_VERB_LOGBOEK, "logboek",                                         {no,     no,     no,     no,     any,    no,     any}},
    {VDR_ACCESS_VERB, VDR_VERB_LOGBOEK_LOOK, "logboek-look",                               {no,     no,     no,     no,     any,    no,     any}},
    {VDR_ACCESS_VERB, VDR_VERB_ERASE, "erase",                                             {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_ERASE_LOOK, "erase-look",                                   {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_PROOFS, "proofs",                                           {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_ROTATE, "rotate",                                           {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_ROTATE_LOOK, "rotate-look",                                 {no,     no,     no,     no,     no,     any,    any}},
    {VDR_ACCESS_VERB, VDR_VERB_ROTATE_FINISH, "rotate-finish",                             {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_LINT, "lint",                                               {no,     no,     no,     no,     no,     any,    no}},
    {VDR_ACCESS_VERB, VDR_VERB_SENTENCES, "sentences",                                     {no,     no,     no,     no,     any,    any,    any}},
};

/* A field of a plain value: where it lies, who sees it in which standing. */
#define FIELD(object, plain, member, name, ...)                                                              \
    {                                                                                                        \
        object, name, offsetof(plain, member), sizeof(((const plain *)NULL)->member),                        \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define STATUS(member, ...) FIELD(VDR_OBJECT_STATUS, vdr_wire_status_view, member, #member, __VA_ARGS__)
#define CASE(member, ...)   FIELD(VDR_OBJECT_CASE, vdr_wire_case_view, member, #member, __VA_ARGS__)
#define LISTED(member, ...) FIELD(VDR_OBJECT_CASE_SIGNAL, vdr_wire_signal_view, member, #member, __VA_ARGS__)
#define SIGNAL(member, ...) FIELD(VDR_OBJECT_SIGNAL, vdr_wire_signal_view, member, #member, __VA_ARGS__)
#define PERSON(member, ...)                                                                                  \
    FIELD(VDR_OBJECT_SIGNAL_PERSON, vdr_wire_person_view, member, #member, __VA_ARGS__)
#define ADDRESS(member, ...)                                                                                 \
    FIELD(VDR_OBJECT_SIGNAL_ADDRESS, vdr_wire_address_view, member, #member, __VA_ARGS__)
#define HOUSEHOLD(member, ...)                                                                               \
    FIELD(VDR_OBJECT_HOUSEHOLD, vdr_wire_household_view, member, #member, __VA_ARGS__)
#define MEMBER(member, ...) FIELD(VDR_OBJECT_MEMBER, vdr_wire_person_view, member, #member, __VA_ARGS__)
#define HOME(member, ...)   FIELD(VDR_OBJECT_HOME, vdr_wire_address_view, member, #member, __VA_ARGS__)
#define REVIEW(member, ...) FIELD(VDR_OBJECT_REVIEW, vdr_wire_review_view, member, #member, __VA_ARGS__)
#define REGISSEUR(member, ...)                                                                               \
    FIELD(VDR_OBJECT_REGISSEUR, vdr_wire_regisseur_view, member, #member, __VA_ARGS__)
#define MESSAGE(member, ...) FIELD(VDR_OBJECT_MESSAGE, vdr_wire_message, member, #member, __VA_ARGS__)
#define LINE(member, ...)    FIELD(VDR_OBJECT_LINE, vdr_wire_line, member, #member, __VA_ARGS__)
#define WHY(member, ...)     FIELD(VDR_OBJECT_EXPLANATION, vdr_explanation, member, #member, __VA_ARGS__)
#define WHY_SIGNAL(member, ...)                                                                              \
    FIELD(VDR_OBJECT_EXPLAINED_SIGNAL, vdr_explained_signal, member, #member, __VA_ARGS__)
#define WHY_CASE(member, ...)                                                                                \
    FIELD(VDR_OBJECT_EXPLAINED_CASE, vdr_explained_case, member, #member, __VA_ARGS__)
#define NOTE(member, ...)    FIELD(VDR_OBJECT_NOTE, vdr_wire_note, member, #member, __VA_ARGS__)
#define RIGHT(member, ...)   FIELD(VDR_OBJECT_RIGHT, vdr_wire_right_view, member, #member, __VA_ARGS__)
#define WHY_DUE(member, ...) FIELD(VDR_OBJECT_EXPLAINED_DUE, vdr_explained_due, member, #member, __VA_ARGS__)
#define DIRECTORY(member, ...) FIELD(VDR_OBJECT_DIRECTORY, vdr_wire_directory, member, #member, __VA_ARGS__)
#define ABSENCE(member, ...) FIELD(VDR_OBJECT_ABSENCE, vdr_wire_absence, member, #member, __VA_ARGS__)
#define IN_TYPES(member, ...) FIELD(VDR_OBJECT_DIRECTORY_TYPE, vdr_wire_directory_type, member, #member, __VA_ARGS__)
#define IN_DOMAINS(member, ...) FIELD(VDR_OBJECT_DIRECTORY_DOMAIN, vdr_wire_directory_domain, member, #member, __VA_ARGS__)
#define IN_AGENCIES(member, ...) FIELD(VDR_OBJECT_DIRECTORY_AGENCY, vdr_wire_directory_agency, member, #member, __VA_ARGS__)
#define IN_SERVICES(member, ...) FIELD(VDR_OBJECT_DIRECTORY_SERVICE, vdr_wire_directory_service, member, #member, __VA_ARGS__)
#define IN_REGISSEURS(member, ...) FIELD(VDR_OBJECT_DIRECTORY_REGISSEUR, vdr_wire_directory_regisseur, member, #member, __VA_ARGS__)

/*                                            agency  regiss. service coord.  privacy operat. auditor */
static const vdr_access_field status_fields[] = {
    STATUS(party_kind,                       "o",    "o",    "o",    "o",    "o",    "o",    "o"),
    STATUS(party_id,                         "o",    "o",    "o",    "o",    "o",    "o",    "o"),
    STATUS(acknowledged,                     "o",    "o",    "o",    "o",    "o",    "",     ""),
    STATUS(newest,                           "o",    "o",    "o",    "o",    "o",    "",     ""),
    STATUS(load,                             "",     "o",    "",     "",     "",     "",     ""),
    STATUS(capacity,                         "",     "o",    "",     "",     "",     "",     ""),
    STATUS(hard_capacity,                    "",     "o",    "",     "",     "",     "",     ""),
    STATUS(absent,                           "",     "o",    "",     "",     "",     "",     ""),
    STATUS(absences,                         "",     "o",    "",     "",     "",     "",     ""),
    STATUS(absence_count,                    "",     "o",    "",     "",     "",     "",     ""),
};
static const vdr_access_field case_fields[] = {
    CASE(case_id,                            "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(household,                          "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(state,                              "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(priority,                           "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(revision,                           "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(version,                            "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(regisseur,                          "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(handover_to,                        "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(since_ms,                           "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(accept_by,                          "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(ended,                              "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(rules,                              "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(rule_count,                         "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(plan_revision,                      "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(signals,                            "",     "og",   "",     "oeg",  "g",    "oe",   ""),
    CASE(signal_count,                       "",     "og",   "",     "oeg",  "g",    "oe",   ""),
    CASE(goals,                              "",     "og",   "",     "g",    "g",    "",     ""),
    CASE(goal_count,                         "",     "og",   "",     "g",    "g",    "",     ""),
    CASE(ended_with,                         "",     "oeg",  "",     "g",    "g",    "",     ""),
    CASE(notes,                              "",     "og",   "",     "g",    "g",    "",     ""),
    CASE(district,                           "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(person_total,                       "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(address_total,                      "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(signal_total,                       "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(agency_total,                       "",     "oeg",  "",     "oeg",  "g",    "oe",   ""),
    CASE(note_count,                         "",     "og",   "",     "g",    "g",    "",     ""),
};
static const vdr_access_field listed_fields[] = {
    LISTED(name,                             "",     "og",   "",     "og",   "g",    "om",   ""),
    LISTED(type,                             "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(agency,                           "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(at_ms,                            "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(occurred_at_ms,                   "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(severity,                         "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(domain,                           "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(withdrawn,                        "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(ended,                            "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(overdue,                          "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(feedback,                         "",     "og",   "",     "og",   "g",    "",     ""),
    LISTED(persons,                          "",     "og",   "",     "g",    "g",    "",     ""),
    LISTED(person_count,                     "",     "og",   "",     "g",    "g",    "",     ""),
    LISTED(address,                          "",     "og",   "",     "g",    "g",    "",     ""),
    LISTED(detail,                           "",     "og",   "",     "g",    "g",    "",     ""),
    LISTED(leaves_at_ms,                     "",     "",     "",     "",     "",     "",     ""),
    LISTED(outcome,                          "",     "",     "",     "",     "",     "",     ""),
    LISTED(household,                        "",     "",     "",     "",     "",     "",     ""),
    LISTED(case_id,                          "",     "",     "",     "",     "",     "",     ""),
    LISTED(service,                          "",     "",     "",     "",     "",     "",     ""),
    LISTED(notes,                            "",     "",     "",     "",     "",     "",     ""),
    LISTED(regisseur,                        "",     "",     "",     "",     "",     "",     ""),
    LISTED(note_count,                       "",     "",     "",     "",     "",     "",     ""),
};
static const vdr_access_field signal_fields[] = {
    SIGNAL(name,                             "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(type,                             "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(agency,                           "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(at_ms,                            "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(occurred_at_ms,                   "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(withdrawn,                        "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(ended,                            "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(overdue,                          "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(feedback,                         "o",    "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(severity,                         "",     "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(domain,                           "",     "og",   "o",    "og",   "g",    "",     ""),
    SIGNAL(leaves_at_ms,                     "o",    "",     "",     "",     "g",    "",     ""),
    SIGNAL(household,                        "",     "og",   "",     "og",   "g",    "",     ""),
    SIGNAL(case_id,                          "",     "og",   "",     "og",   "g",    "",     ""),
    SIGNAL(service,                          "",     "",     "o",    "og",   "g",    "",     ""),
    SIGNAL(persons,                          "",     "og",   "o",    "g",    "g",    "",     ""),
    SIGNAL(person_count,                     "",     "og",   "o",    "g",    "g",    "",     ""),
    SIGNAL(address,                          "",     "og",   "o",    "g",    "g",    "",     ""),
    SIGNAL(detail,                           "",     "og",   "o",    "g",    "g",    "",     ""),
    SIGNAL(notes,                            "o",    "og",   "o",    "g",    "g",    "",     ""),
    SIGNAL(note_count,                       "o",    "og",   "o",    "g",    "g",    "",     ""),
    SIGNAL(regisseur,                        "o",    "",     "o",    "",     "",     "",     ""),
    SIGNAL(outcome,                          "",     "",     "",     "",     "",     "",     ""),
};
static const vdr_access_field person_fields[] = {
    PERSON(handle,                           "",     "og",   "o",    "g",    "g",    "",     ""),
    PERSON(bsn,                              "",     "og",   "o",    "g",    "g",    "",     ""),
    PERSON(role,                             "",     "og",   "o",    "g",    "g",    "",     ""),
};
static const vdr_access_field address_fields[] = {
    ADDRESS(handle,                          "",     "og",   "o",    "g",    "g",    "",     ""),
    ADDRESS(bag,                             "",     "og",   "o",    "g",    "g",    "",     ""),
    ADDRESS(buurt,                           "",     "og",   "o",    "g",    "g",    "",     ""),
};
static const vdr_access_field household_fields[] = {
    HOUSEHOLD(household,                     "",     "org",  "",     "org",  "org",  "",     ""),
    HOUSEHOLD(district,                      "",     "org",  "",     "org",  "org",  "",     ""),
    HOUSEHOLD(open_case,                     "",     "org",  "",     "org",  "org",  "",     ""),
    HOUSEHOLD(signals,                       "",     "org",  "",     "org",  "org",  "",     ""),
    HOUSEHOLD(persons,                       "",     "org",  "",     "org",  "g",    "",     ""),
    HOUSEHOLD(person_count,                  "",     "org",  "",     "org",  "g",    "",     ""),
    HOUSEHOLD(addresses,                     "",     "org",  "",     "org",  "g",    "",     ""),
    HOUSEHOLD(address_count,                 "",     "org",  "",     "org",  "g",    "",     ""),
};
static const vdr_access_field member_fields[] = {
    MEMBER(handle,                           "",     "org",  "",     "org",  "g",    "",     ""),
    MEMBER(bsn,                              "",     "org",  "",     "rg",   "g",    "",     ""),
    MEMBER(role,                             "",     "",     "",     "",     "",     "",     ""),
};
static const vdr_access_field home_fields[] = {
    HOME(handle,                             "",     "org",  "",     "org",  "g",    "",     ""),
    HOME(bag,                                "",     "org",  "",     "rg",   "g",    "",     ""),
    HOME(buurt,                              "",     "",     "",     "",     "",     "",     ""),
};
static const vdr_access_field review_fields[] = {
    REVIEW(household,                        "",     "",     "",     "o",    "",     "",     ""),
    REVIEW(other,                            "",     "",     "",     "o",    "",     "",     ""),
};
static const vdr_access_field regisseur_fields[] = {
    REGISSEUR(id,                            "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(load,                          "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(capacity,                      "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(hard_capacity,                 "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(absent,                        "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(absences,                      "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(absence_count,                 "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(districts,                     "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(district_count,                "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(expertise,                     "",     "",     "",     "o",    "",     "o",    ""),
    REGISSEUR(expertise_count,               "",     "",     "",     "o",    "",     "o",    ""),
};
static const vdr_access_field message_fields[] = {
    MESSAGE(seq,                             "o",    "o",    "o",    "o",    "o",    "o",    ""),
    MESSAGE(at_ms,                           "o",    "o",    "o",    "o",    "o",    "o",    ""),
    MESSAGE(kind,                            "o",    "o",    "o",    "o",    "o",    "o",    ""),
    MESSAGE(position,                        "o",    "o",    "o",    "o",    "o",    "o",    ""),
    MESSAGE(case_id,                         "o",    "o",    "",     "o",    "o",    "o",    ""),
    MESSAGE(regisseur,                       "o",    "o",    "o",    "o",    "o",    "o",    ""),
    MESSAGE(signal,                          "o",    "o",    "o",    "o",    "",     "om",   ""),
    MESSAGE(household,                       "",     "o",    "",     "o",    "o",    "o",    ""),
    MESSAGE(other,                           "",     "",     "",     "o",    "",     "o",    ""),
    MESSAGE(agencies,                        "o",    "",     "",     "",     "",     "o",    ""),
    MESSAGE(agency_count,                    "o",    "",     "",     "",     "",     "o",    ""),
    MESSAGE(result,                          "o",    "o",    "o",    "",     "o",    "",     ""),
    MESSAGE(traceparent,                     "",     "o",    "o",    "o",    "",     "",     ""),
    MESSAGE(by_kind,                         "",     "o",    "",     "",     "o",    "o",    ""),
    MESSAGE(by,                              "",     "o",    "",     "",     "o",    "o",    ""),
    MESSAGE(reason,                          "",     "",     "",     "",     "o",    "",     ""),
};
static const vdr_access_field line_fields[] = {
    LINE(position,                           "",     "",     "",     "",     "",     "o",    ""),
    LINE(version,                            "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.kind,                      "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.at,                        "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.source,                    "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.verdict,                   "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.act,                       "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.match,                     "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.outcome,                   "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.household,                 "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.case_id,                   "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.change,                    "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.state,                     "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.priority,                  "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.regisseur,                 "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.rules,                     "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.rule_count,                "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.to_kind,                   "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.to,                        "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.message,                   "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.other,                     "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.rule,                      "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.agencies,                  "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.agency_count,              "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.by_kind,                   "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.by,                        "",     "",     "",     "",     "",     "o",    ""),
    LINE(decision.result,                    "",     "",     "",     "",     "",     "",     ""),
    LINE(decision.reason,                    "",     "",     "",     "",     "",     "",     ""),
    LINE(decision.id,                        "",     "",     "",     "",     "",     "om",   ""),
    LINE(decision.signal,                    "",     "",     "",     "",     "",     "om",   ""),
    LINE(decision.signals,                   "",     "",     "",     "",     "",     "om",   ""),
    LINE(decision.signal_count,              "",     "",     "",     "",     "",     "om",   ""),
};
static const vdr_access_field why_fields[] = {
    WHY(position,                            "",     "o",    "",     "",     "",     "o",    ""),
    WHY(config_position,                     "",     "o",    "",     "",     "",     "o",    ""),
    WHY(version,                             "",     "o",    "",     "",     "",     "o",    ""),
    WHY(at_ms,                               "",     "o",    "",     "",     "",     "o",    ""),
    WHY(household,                           "",     "o",    "",     "",     "",     "o",    ""),
    WHY(case_id,                             "",     "o",    "",     "",     "",     "o",    ""),
    WHY(district,                            "",     "o",    "",     "",     "",     "o",    ""),
    WHY(person_count,                        "",     "o",    "",     "",     "",     "o",    ""),
    WHY(address_count,                       "",     "o",    "",     "",     "",     "o",    ""),
    WHY(signal_count,                        "",     "o",    "",     "",     "",     "o",    ""),
    WHY(open_case,                           "",     "o",    "",     "",     "",     "o",    ""),
    WHY(signals,                             "",     "o",    "",     "",     "",     "o",    ""),
    WHY(signal_list_count,                   "",     "o",    "",     "",     "",     "o",    ""),
    WHY(rules,                               "",     "o",    "",     "",     "",     "o",    ""),
    WHY(rule_count,                          "",     "o",    "",     "",     "",     "o",    ""),
    WHY(cases,                               "",     "o",    "",     "",     "",     "o",    ""),
    WHY(case_count,                          "",     "o",    "",     "",     "",     "o",    ""),
    WHY(assigned,                            "",     "o",    "",     "",     "",     "o",    ""),
    WHY(assigned_by,                         "",     "o",    "",     "",     "",     "o",    ""),
    WHY(candidates,                          "",     "o",    "",     "",     "",     "o",    ""),
    WHY(candidate_count,                     "",     "o",    "",     "",     "",     "o",    ""),
    WHY(dues,                                "",     "o",    "",     "",     "",     "o",    ""),
    WHY(due_count,                           "",     "o",    "",     "",     "",     "o",    ""),
    WHY(signal,                              "",     "o",    "",     "",     "",     "om",   ""),
};
static const vdr_access_field why_signal_fields[] = {
    WHY_SIGNAL(name,                         "",     "o",    "",     "",     "",     "om",   ""),
    WHY_SIGNAL(position,                     "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(type,                         "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(agency,                       "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(domain,                       "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(purpose,                      "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(occurred_at_ms,               "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(until_ms,                     "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(leaves_at_ms,                 "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(severity,                     "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(case_id,                      "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(service,                      "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(overdue,                      "",     "o",    "",     "",     "",     "o",    ""),
    WHY_SIGNAL(feedback,                     "",     "o",    "",     "",     "",     "o",    ""),
};
static const vdr_access_field why_case_fields[] = {
    WHY_CASE(case_id,                        "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(state,                          "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(priority,                       "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(regisseur,                      "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(revision,                       "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(opened_position,                "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(config_position,                "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(version,                        "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(opened_at_ms,                   "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(ended,                          "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(rules,                          "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(rule_count,                     "",     "o",    "",     "",     "",     "o",    ""),
    WHY_CASE(signals,                        "",     "o",    "",     "",     "",     "om",   ""),
    WHY_CASE(signal_count,                   "",     "o",    "",     "",     "",     "om",   ""),
};
static const vdr_access_field why_due_fields[] = {
    WHY_DUE(kind,                            "",     "o",    "",     "",     "",     "o",    ""),
    WHY_DUE(due,                             "",     "o",    "",     "",     "",     "o",    ""),
    WHY_DUE(case_id,                         "",     "o",    "",     "",     "",     "o",    ""),
    WHY_DUE(signal,                          "",     "o",    "",     "",     "",     "om",   ""),
};
/* To coordinators, legal holds alone. */
static const vdr_access_field right_fields[] = {
    RIGHT(number,                            "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(kind,                              "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(state,                             "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(household,                         "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(signal,                            "",     "",     "",     "",     "o",    "",     ""),
    RIGHT(at_ms,                             "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(due,                               "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(ended,                             "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(author,                            "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(second,                            "",     "",     "",     "o",    "o",    "",     ""),
    RIGHT(case_id,                           "",     "",     "",     "o",    "o",    "",     ""),
};
static const vdr_access_field note_fields[] = {
    NOTE(at_ms,                              "o",    "og",   "o",    "g",    "g",    "",     ""),
    NOTE(by_kind,                            "o",    "og",   "o",    "g",    "g",    "",     ""),
    NOTE(by,                                 "o",    "og",   "o",    "g",    "g",    "",     ""),
    NOTE(to_kind,                            "o",    "og",   "o",    "g",    "g",    "",     ""),
    NOTE(to,                                 "o",    "og",   "o",    "g",    "g",    "",     ""),
    NOTE(signal,                             "o",    "og",   "o",    "g",    "g",    "",     ""),
    NOTE(text,                               "o",    "og",   "o",    "g",    "g",    "",     ""),
};
static const vdr_access_field absence_fields[] = {
    ABSENCE(from_ms,                         "",     "o",    "",     "o",    "",     "o",    ""),
    ABSENCE(to_ms,                           "",     "o",    "",     "o",    "",     "o",    ""),
    ABSENCE(by_kind,                         "",     "o",    "",     "o",    "",     "o",    ""),
    ABSENCE(by,                              "",     "o",    "",     "o",    "",     "o",    ""),
};
static const vdr_access_field directory_fields[] = {
    DIRECTORY(types,                         "o",   "o",   "o",   "o",   "o",   "o",   ""),
    DIRECTORY(type_count,                    "o",   "o",   "o",   "o",   "o",   "o",   ""),
    DIRECTORY(domains,                       "o",   "o",   "o",   "o",   "o",   "o",   ""),
    DIRECTORY(domain_count,                  "o",   "o",   "o",   "o",   "o",   "o",   ""),
    DIRECTORY(agencies,                      "",    "o",   "",    "o",   "o",   "o",   ""),
    DIRECTORY(agency_count,                  "",    "o",   "",    "o",   "o",   "o",   ""),
    DIRECTORY(services,                      "",    "o",   "o",   "o",   "o",   "o",   ""),
    DIRECTORY(service_count,                 "",    "o",   "o",   "o",   "o",   "o",   ""),
    DIRECTORY(regisseurs,                    "",    "o",   "",    "o",   "o",   "o",   ""),
    DIRECTORY(regisseur_count,               "",    "o",   "",    "o",   "o",   "o",   ""),
};
static const vdr_access_field directory_type_fields[] = {
    IN_TYPES(type,                           "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_TYPES(title,                          "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_TYPES(domain,                         "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_TYPES(kind,                           "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_TYPES(severity,                       "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_TYPES(agencies,                       "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_TYPES(agency_count,                   "o",   "o",   "o",   "o",   "o",   "o",   ""),
};
static const vdr_access_field directory_domain_fields[] = {
    IN_DOMAINS(domain,                       "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_DOMAINS(area,                         "o",   "o",   "o",   "o",   "o",   "o",   ""),
    IN_DOMAINS(by_role,                      "o",   "o",   "o",   "o",   "o",   "o",   ""),
};
static const vdr_access_field directory_agency_fields[] = {
    IN_AGENCIES(id,                          "",    "o",   "",    "o",   "o",   "o",   ""),
    IN_AGENCIES(kind,                        "",    "o",   "",    "o",   "o",   "o",   ""),
};
static const vdr_access_field directory_service_fields[] = {
    IN_SERVICES(id,                          "",    "o",   "o",   "o",   "o",   "o",   ""),
    IN_SERVICES(domains,                     "",    "o",   "o",   "o",   "o",   "o",   ""),
    IN_SERVICES(domain_count,                "",    "o",   "o",   "o",   "o",   "o",   ""),
    IN_SERVICES(all,                         "",    "o",   "o",   "o",   "o",   "o",   ""),
};
static const vdr_access_field directory_regisseur_fields[] = {
    IN_REGISSEURS(id,                        "",    "o",   "",    "o",   "o",   "o",   ""),
    IN_REGISSEURS(districts,                 "",    "o",   "",    "o",   "o",   "o",   ""),
    IN_REGISSEURS(district_count,            "",    "o",   "",    "o",   "o",   "o",   ""),
    IN_REGISSEURS(everywhere,                "",    "o",   "",    "o",   "o",   "o",   ""),
    IN_REGISSEURS(expertise,                 "",    "o",   "",    "o",   "o",   "o",   ""),
    IN_REGISSEURS(expertise_count,           "",    "o",   "",    "o",   "o",   "o",   ""),
    IN_REGISSEURS(absent,                    "",    "o",   "",    "o",   "",    "o",   ""),
};
/* clang-format on */

const vdr_access_row *
vdr_access_rows(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

const vdr_access_field *
vdr_access_fields(vdr_access_object object, size_t *ret_count)
{
    static const struct {
        const vdr_access_field *at;
        size_t count;
    } tables[] = {
#define TABLE(object, fields) [object] = {fields, sizeof fields / sizeof fields[0]}
        TABLE(VDR_OBJECT_STATUS, status_fields),
        TABLE(VDR_OBJECT_CASE, case_fields),
        TABLE(VDR_OBJECT_CASE_SIGNAL, listed_fields),
        TABLE(VDR_OBJECT_SIGNAL, signal_fields),
        TABLE(VDR_OBJECT_SIGNAL_PERSON, person_fields),
        TABLE(VDR_OBJECT_SIGNAL_ADDRESS, address_fields),
        TABLE(VDR_OBJECT_HOUSEHOLD, household_fields),
        TABLE(VDR_OBJECT_MEMBER, member_fields),
        TABLE(VDR_OBJECT_HOME, home_fields),
        TABLE(VDR_OBJECT_REVIEW, review_fields),
        TABLE(VDR_OBJECT_REGISSEUR, regisseur_fields),
        TABLE(VDR_OBJECT_MESSAGE, message_fields),
        TABLE(VDR_OBJECT_LINE, line_fields),
        TABLE(VDR_OBJECT_EXPLANATION, why_fields),
        TABLE(VDR_OBJECT_EXPLAINED_SIGNAL, why_signal_fields),
        TABLE(VDR_OBJECT_EXPLAINED_CASE, why_case_fields),
        TABLE(VDR_OBJECT_EXPLAINED_DUE, why_due_fields),
        TABLE(VDR_OBJECT_RIGHT, right_fields),
        TABLE(VDR_OBJECT_NOTE, note_fields),
        TABLE(VDR_OBJECT_ABSENCE, absence_fields),
        TABLE(VDR_OBJECT_DIRECTORY, directory_fields),
        TABLE(VDR_OBJECT_DIRECTORY_TYPE, directory_type_fields),
        TABLE(VDR_OBJECT_DIRECTORY_DOMAIN, directory_domain_fields),
        TABLE(VDR_OBJECT_DIRECTORY_AGENCY, directory_agency_fields),
        TABLE(VDR_OBJECT_DIRECTORY_SERVICE, directory_service_fields),
        TABLE(VDR_OBJECT_DIRECTORY_REGISSEUR, directory_regisseur_fields),
#undef TABLE
    };
    VDR_ASSERT(object >= VDR_OBJECT_STATUS && object <= VDR_OBJECT_LAST);
    *ret_count = tables[object].count;
    return tables[object].at;
}

const char *
vdr_access_area_name(vdr_access_area area)
{
    static const char *const names[] = {"", "frame", "mailbox", "act", "query", "inbox", "verb"};
    return (unsigned)area <= VDR_ACCESS_AREAS ? names[area] : "";
}

const char *
vdr_access_object_name(vdr_access_object object)
{
    static const char *const names[] = {"",
                                        "status",
                                        "case",
                                        "case.signal",
                                        "signal",
                                        "signal.person",
                                        "signal.address",
                                        "household",
                                        "household.person",
                                        "household.address",
                                        "review",
                                        "regisseur",
                                        "message",
                                        "line",
                                        "explanation",
                                        "explanation.signal",
                                        "explanation.case",
                                        "explanation.due",
                                        "right",
                                        "note",
                                        "directory",
                                        "directory.type",
                                        "directory.domain",
                                        "directory.agency",
                                        "directory.service",
                                        "directory.regisseur",
                                        "absence"};
    return (unsigned)object <= VDR_OBJECT_LAST ? names[object] : "";
}

const char *
vdr_relation_name(unsigned relation)
{
    static const char *const names[] = {"no", "any", "own", "sent", "routed", "held", "in care"};
    relation &= ~(unsigned)VDR_RELATION_GLASS;
    return relation <= VDR_RELATION_LAST ? names[relation] : "no";
}
