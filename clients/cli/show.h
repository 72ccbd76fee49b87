/* clients/cli/show.h - what the broker answers, as JSON for programs and as text for eyes. */
#ifndef VDR_CLI_SHOW_H
#define VDR_CLI_SHOW_H

#include "clients/cli/link.h"

/* Members that the broker left out are left out. Free with json_decref, or print. */
json_t *vdr_cli_message(const vdr_wire_message *message);
json_t *vdr_cli_signal(const vdr_wire_signal_view *signal);
json_t *vdr_cli_case(const vdr_wire_case_view *view);
json_t *vdr_cli_household(const vdr_wire_household_view *view);

/* For people, on standard output. */
void vdr_cli_show_message(const vdr_wire_message *message);
void vdr_cli_show_signal(const vdr_wire_signal_view *signal);
void vdr_cli_show_case(const vdr_wire_case_view *view);
void vdr_cli_show_household(const vdr_wire_household_view *view);

/* An instant as "2026-03-02 09:00", "-" for none. The text is good until the fourth call after this one. */
const char *vdr_cli_when(vdr_ms ms);

/* The lights of a broker, for an operator (status.c); returns an exit status. */
int vdr_cli_show_lights(const vdr_cli_link *link, vdr_client *client);

/* A row of a report, its kind as "row". */
json_t *vdr_cli_row(const vdr_wire_row *row);

#endif
