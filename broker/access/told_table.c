/* The rows of told.h.
 *
 * To add a figure, a text or a row to a RESULT: its name here, a line in tests/integration/access_expected.py (which
 * judges), and a word in protocol.md. */
#include "broker/access/told.h"

#define O   VDR_TOLD_TO(VDR_PARTY_OPERATOR)
#define OA  (O | VDR_TOLD_TO(VDR_PARTY_AUDITOR))
#define P   VDR_TOLD_TO(VDR_PARTY_PRIVACY_OFFICER)
#define PA  (P | VDR_TOLD_TO(VDR_PARTY_AUDITOR))
#define POA (P | OA)

#define PROBLEM "file line column text"
#define FILES   "name text"
#define CASES   "proposed accepted dismissed retracted merged precision_permille"
#define MAIL    "id ready ready_since_ms"
#define BOTH    "current candidate"

static const vdr_access_told tellings[] = {
    {VDR_VERB_STATUS, "counters",
     "position_first position_stepped position_durable position_checkpoint position_config epoch log_time_ms "
     "clock_ahead_ms submitted accepted accepted_per_s duplicates refused refused_store_full "
     "acknowledgements ticks groups group_records_p50 group_records_max commit_us_p50 commit_us_p99 "
     "commit_us_max turn_us_p99 turn_us_max checkpoints checkpoint_failures checkpoint_bytes "
     "checkpoint_age_ms log_bytes log_bytes_limit households persons addresses signals cases "
     "cases_unassigned cases_offered cases_active overdue reviews timers guards_reached config_version "
     "proposals_open paused_rules silenced_agencies state_bytes sessions sessions_operators keys "
     "keys_expiring key_soonest_ms convenant_soonest_ms convenants_ended descriptors handshakes_admitted "
     "handshakes_refused frames_received frames_sent dropped_routing_id dropped_no_key dropped_many_parts "
     "dropped_revoked time_ms next_due_ms disk_bytes disk_free_bytes mail_waiting unassigned_since_ms "
     "duplicates_day refused_day rotation_running rotation_left erasure_waiting erasure_failed "
     "erasure_next_ms erasure_last_ms backup_stale",
     OA},
    {VDR_VERB_STATUS, "texts", "state version municipality clock listen operators public_key", OA},
    {VDR_VERB_RELOAD, "counters", "position proposal version", O},
    {VDR_VERB_RELOAD, "problems", PROBLEM, O},
    {VDR_VERB_RELOAD, "files", FILES, O},
    {VDR_VERB_CLOCK_ADVANCE, "counters", "position", O},
    {VDR_VERB_BACKUP, "counters", "position", O},
    {VDR_VERB_CHECKPOINT, "counters", "position", O},
    {VDR_VERB_SESSIONS, "sessions",
     "session party_kind party_id client_name since_ms idle_ms frames_in frames_out unconfirmed undelivered",
     O},
    {VDR_VERB_MAILBOXES, "mailboxes", "kind id acknowledged newest", O},
    {VDR_VERB_REPORT, "counters",
     "position_first position from_ms time_ms rows_left_out records_read took_ms", O},
    {VDR_VERB_REPORT, "row cases", MAIL " urgent high normal oldest_case_ms load", O},
    {VDR_VERB_REPORT, "row regisseur",
     MAIL " offered active overdue accept_by_ms oldest_case_ms load capacity hard_capacity absent", O},
    {VDR_VERB_REPORT, "row service",
     MAIL " service regular asked in_time late overdue waiting taken withdrawn left in_time_permille", O},
    {VDR_VERB_REPORT, "row coordinator", MAIL, O},
    {VDR_VERB_REPORT, "row privacy_officer", MAIL, O},
    {VDR_VERB_REPORT, "row total", "open stuck", O},
    {VDR_VERB_REPORT, "row case",
     "case household state priority regisseur why next opened_ms moved_ms accept_by_ms refusals plans "
     "attached",
     O},
    {VDR_VERB_REPORT, "row rule",
     "rule level current paused_until_ms evaluations holds matches watched " CASES, O},
    {VDR_VERB_REPORT, "row rule_agency", "rule agency " CASES, O},
    {VDR_VERB_REPORT, "row agency",
     MAIL
     " agency rhythm silenced_until_ms convenant convenant_from_ms convenant_until_ms convenant_holds "
     "signals signals_day signals_week last_ms weeks_known expected_permille attached regular late "
     "withdrawn acts clock_behind_ms clock_ahead_ms sequenced sequence_missing duplicates refused " CASES,
     O},
    {VDR_VERB_REPORT, "row agency", /* refusals by their codes (9) */
     "later malformed unknown_source unknown_actor id_reused unknown_type type_not_allowed not_allowed "
     "wrong_municipality no_subject bad_bsn bad_address bad_severity future too_old unknown_signal "
     "unknown_case unknown_household wrong_state stale_revision held_back no_convenant",
     O},
    {VDR_VERB_CHECK, "row check", "check text next good records bad_position mailboxes", OA},
    {VDR_VERB_PROPOSE, "counters", "position proposal version", O},
    {VDR_VERB_PROPOSE, "problems", PROBLEM, O},
    {VDR_VERB_PROPOSE, "files", FILES, O},
    {VDR_VERB_APPROVE, "counters", "position version key pause", O},
    {VDR_VERB_REJECT, "counters", "position", O},
    {VDR_VERB_WITHDRAW, "counters", "position", O},
    {VDR_VERB_ROLLBACK, "counters", "position proposal version", O},
    {VDR_VERB_PROPOSALS, "proposals",
     "number kind state author reason at_ms position decider verdict ended subject until against "
     "rollback_of made digest",
     OA},
    {VDR_VERB_VERSIONS, "versions",
     "number digest position at ended author approver reason proposal rollback_of cases kept", OA},
    {VDR_VERB_TEXTS, "counters", "number", POA},
    {VDR_VERB_TEXTS, "files", FILES, POA},
    {VDR_VERB_PAUSE, "counters", "position proposal pause", O},
    {VDR_VERB_PAUSES, "pauses",
     "number kind subject author reason approver at_ms until_ms position ended ended_by ended_why", OA},
    {VDR_VERB_RESUME, "counters", "position", O},
    {VDR_VERB_BACKTEST_LOOK, "counters", "state done all took_ms rows_left_out", O},
    {VDR_VERB_SHADOW_LOOK, "counters", "state done all position lag took_ms rows_left_out", O},
#define REHEARSAL(verb)                                                                                      \
    {verb, "row span",                                                                                       \
     "from_ms until_ms whole_from_position whole_from_ms records rules_from_ms closed_cases median_ms "      \
     "differs",                                                                                              \
     O},                                                                                                     \
        {verb, "row cases",                                                                                  \
         BOTH " same new gone changed earlier later other_rules other_priority other_regisseur", O},         \
        {verb, "row signals",                                                                                \
         BOTH " current_regular candidate_regular current_regular_permille candidate_regular_permille "      \
              "other_way refused",                                                                           \
         O},                                                                                                 \
        {verb, "row acts",                                                                                   \
         "applied by_other already dropped dropped_no_case dropped_state others_dropped accepted_at_once "   \
         "closed_by_age handed_over config_misfits",                                                         \
         O},                                                                                                 \
        {verb, "row rule", "rule " BOTH " new gone changed current_told candidate_told", O},                 \
        {verb, "row district", "district " BOTH " new gone changed current_told candidate_told", O},         \
        {verb, "row regisseur", "regisseur " BOTH " current_peak candidate_peak", O},                        \
        {verb, "row week", "from_ms " BOTH " current_open candidate_open", O},                               \
        {verb, "row sample",                                                                                 \
         "difference household district priority current_rules current_opened_ms current_case "              \
         "current_priority candidate_rules candidate_opened_ms signals",                                     \
         O},                                                                                                 \
    {                                                                                                        \
        verb, "row signal", "agency domain severity type occurred_ms position", O                            \
    }
    REHEARSAL(VDR_VERB_BACKTEST_LOOK),
    REHEARSAL(VDR_VERB_SHADOW_LOOK),
#undef REHEARSAL
    {VDR_VERB_KEY_ADD, "counters", "position proposal key", O},
    {VDR_VERB_KEY_ROTATE, "counters", "position proposal key", O},
    {VDR_VERB_KEY_REVOKE, "counters", "position key", O},
    {VDR_VERB_KEYS, "counters", "time_ms rows_left_out", OA},
    {VDR_VERB_KEYS, "row key",
     "number party state public_key replaced in author approver reason ended_by ended_why position "
     "ended_position proposal at_ms from_ms until_ms ended_ms overlap_ms",
     OA},
    {VDR_VERB_VERIFY_LOOK, "counters", "running ever position position_last took_ms", OA},
    {VDR_VERB_VERIFY_LOOK, "row part", "part result text file next offset record head", OA},
    {VDR_VERB_HEADS, "files", FILES, OA},
    {VDR_VERB_AUDIT, "counters", "position", PA},
    {VDR_VERB_AUDIT_LOOK, "counters", "running end position_first position position_last erased", PA},
    {VDR_VERB_AUDIT_LOOK, "row trail",
     "kind at_ms position by to what household other case signal parts reason traceparent since_ms "
     "until_ms",
     PA},
    {VDR_VERB_AUDIT_LOOK, "row trail", "source id", P}, /* what an agency chose */
    {VDR_VERB_LOGBOEK_LOOK, "counters", "running end position_first position position_last", PA},
    {VDR_VERB_LOGBOEK_LOOK, "row logboek",
     "trace_id operation_id parent_operation_id name activity municipality subject position status_code "
     "start_ms end_ms",
     PA},
    {VDR_VERB_ERASE, "counters", "position", O},
    {VDR_VERB_ERASE_LOOK, "counters",
     "sealed waiting erased generation keys kept_messages runs last_ms last_kept last_dropped next_ms "
     "position position_last backup_generation backup_stale carried failures",
     OA},
    {VDR_VERB_ERASE_LOOK, "texts", "step failed escrow", OA},
    {VDR_VERB_PROOFS, "files", FILES, OA},
    {VDR_VERB_ROTATE, "counters", "position", O},
    {VDR_VERB_ROTATE_LOOK, "counters",
     "running waits finishing position_begun position_ended members members_before signals signals_before "
     "acts acts_before others_before guards_before",
     OA},
    {VDR_VERB_ROTATE_LOOK, "texts", "state", OA},
    {VDR_VERB_ROTATE_FINISH, "counters", "position", O},
    {VDR_VERB_LINT, "counters",
     "fit errors warnings notes tests_passed tests_failed clauses clauses_tried rows_left_out", O},
    {VDR_VERB_LINT, "row problem",
     "file line column severity code text subject expected meant advice test allowed", O},
    {VDR_VERB_LINT, "files", FILES, O},
    {VDR_VERB_SENTENCES, "counters", "number", POA},
    {VDR_VERB_SENTENCES, "files", FILES, POA},
};

const vdr_access_told *
vdr_access_tellings(size_t *ret_count)
{
    *ret_count = sizeof tellings / sizeof tellings[0];
    return tellings;
}
