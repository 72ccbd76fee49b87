/* clients/gateway/views.h - what the broker shows, as JSON: the schemas of openapi.json. Names are the protocol's in
 * lowerCamelCase; what is absent in the view is absent here. name: NULL inside an array and at the top.
 *
 * Thread: any. */
#ifndef VDR_GATEWAY_VIEWS_H
#define VDR_GATEWAY_VIEWS_H

#include "clients/gateway/write.h"
#include "proto/wire.h"

/* views.c, views_directory.c */
void vdr_show_party(vdr_writer *w, const char *name, vdr_party_kind kind, vdr_span id);
void vdr_show_message(vdr_writer *w, const char *name, const vdr_wire_message *message);
/* The members of a signal, case or household into an object that is open; open and close are the caller's. */
void vdr_show_signal_members(vdr_writer *w, const vdr_wire_signal_view *signal);
void vdr_show_case_members(vdr_writer *w, const vdr_wire_case_view *c, bool listed);
void vdr_show_household_members(vdr_writer *w, const vdr_wire_household_view *household);
void vdr_show_regisseur(vdr_writer *w, const vdr_wire_regisseur_view *regisseur);
/* An array; each has a number made of its instants, below 2^53. */
void vdr_show_absences(vdr_writer *w, const char *name, const vdr_wire_absence *absences, size_t count);
uint64_t vdr_show_absence_number(const vdr_wire_absence *absence);
void vdr_show_directory_members(vdr_writer *w, const vdr_wire_directory *directory);
void vdr_show_right(vdr_writer *w, const vdr_wire_right_view *right);

/* views_explain.c */
void vdr_show_explanation(vdr_writer *w, const vdr_explanation *told);

/* views_operate.c */
void vdr_show_line(vdr_writer *w, vdr_bytes *scratch, const vdr_wire_line *line);
/* The bare line of semantics section 11. */
void vdr_show_bare_line(vdr_writer *w, vdr_bytes *scratch, const vdr_wire_line *line);
void vdr_show_row(vdr_writer *w, const vdr_wire_row *row);
void vdr_show_counters(vdr_writer *w, const char *name, const vdr_wire_admin_result *result);
void vdr_show_texts(vdr_writer *w, const char *name, const vdr_wire_admin_result *result);
void vdr_show_files(vdr_writer *w, const char *name, const vdr_wire_file *files, size_t count);
void vdr_show_proposal_members(vdr_writer *w, const vdr_proposal_view *proposal);
void vdr_show_version_members(vdr_writer *w, const vdr_version_view *version);
void vdr_show_pause(vdr_writer *w, const vdr_pause_view *pause);
void vdr_show_session(vdr_writer *w, const vdr_wire_session_view *session);
void vdr_show_mailbox(vdr_writer *w, const vdr_wire_mailbox_view *mailbox);
/* A counter of a result; 0 where there is none. */
uint64_t vdr_show_counter(const vdr_wire_admin_result *result, const char *name);

#endif
