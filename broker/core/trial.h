/* broker/core/trial.h - steps that are taken back: what would this command do now, and what will be if nothing
 * comes until then?
 *
 * Between begin and end the core is stepped as ever, and looked at as ever; end makes the state what it was,
 * byte for byte. So what is told on trial is exactly what would be told, with all timers, loads and unassigned
 * cases of the town, and there is no second implementation of anything. A step costs what it costs, and besides
 * a copy of each record of the state that it changes (some ten to twenty): trials are for people who ask, not
 * for every signal. Large households have their windows built anew for a trial, which is why vdr_trial_bears
 * says no where that would take long.
 *
 * On trial: no CONFIG (what is bound to it stays), no image call; whoever else looks at the core meanwhile sees
 * the trial. An image in progress goes on afterwards as if nothing had been.
 *
 * Thread: the core's. Errors: none. */
#ifndef VDR_CORE_TRIAL_H
#define VDR_CORE_TRIAL_H

#include "broker/core/core.h"

#define VDR_TRIAL_SIGNALS_MAX 4096u /* of one household */
#define VDR_TRIAL_SOON        32u   /* timers that fire in a moment, wherever they lie */
#define VDR_TRIAL_PARTS_MAX   64u   /* of so many timers, while time passes */
#define VDR_TRIAL_BYTES_MAX   (UINT64_C(8) * 1024 * 1024) /* of state changed meanwhile */

typedef struct vdr_trial vdr_trial;

vdr_trial *vdr_trial_begin(vdr_core *core);
void vdr_trial_end(vdr_core *core, vdr_trial **trial_p); /* NULL-safe */

/* Is every household that the command is about small enough to be tried in a moment? */
bool vdr_trial_bears(const vdr_core *core, const vdr_command *command);
/* Does little enough fall due until at that time may pass in a moment? */
bool vdr_trial_soon(const vdr_core *core, vdr_ms at);
/* On trial: lets time pass until at, as if nothing came. False: so much happens before at that it would take
 * long; then it is as late as it could be. */
bool vdr_trial_pass(vdr_core *core, vdr_ms at);

#endif
