/* clients/cli/patient.h - verbs that take as long as they take: a backup, a checkpoint, an erasure run.
 *
 * Thread: one. */
#ifndef VDR_CLI_PATIENT_H
#define VDR_CLI_PATIENT_H

#include "clients/cli/link.h"

/* As vdr_client_admin(), but --timeout counts from the last sign of life: each second the broker is asked how it is, and as
 * long as it answers the verb is waited for. On a terminal it says meanwhile what is being done. told (NULL: nobody), with the
 * context, gets the result while that is there, also a refusal's; nothing where there was no answer. Errors: the broker's;
 * DISCONNECTED where the session ended before the answer (the verb may have been done); TIMEOUT. */
VDR_MUST_CHECK vdr_err vdr_cli_patient(const vdr_cli_link *link, vdr_client *client,
                                       const vdr_wire_admin *admin, const char *what, vdr_client_ruled told,
                                       void *context);

#endif
