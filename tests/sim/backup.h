/* tests/sim/backup.h - backups: taken under load by the broker's own verb, restored by its own vdr_restore().
 *
 * A backup's log and checkpoints are disks of their own beside the broker's (store/memory.h); its key table, and the escrow, are
 * files. Restored elsewhere, it must be the state of that position; in place, the broker goes on from there. */
#ifndef VDR_SIM_BACKUP_H
#define VDR_SIM_BACKUP_H

#include "store/memory.h"
#include "store/store.h"
#include "tests/sim/town.h"

void sim_backup_begin(uint64_t seed, const sim_town *town);
/* The disk behind this folder; NULL: it is the broker's own. */
vdr_memory *sim_backup_disk(const char *dir);
/* The broker's process is gone, and whatever it was copying. */
void sim_backup_crash(void);
/* The broker is down, and its disk ends before next. */
void sim_backup_settled(vdr_position next);
/* The broker says that a backup is complete, up to here. */
void sim_backup_told(vdr_position position);
/* Now and then one that is new is restored in another folder, and looked at, while the broker goes on. */
void sim_backup_look(const sim_town *town);
/* Is this a moment in which the store may be lost: what was erased is on its way to be so for good, and a backup of before
 * can still be opened? Told once of each. */
bool sim_backup_moment(void);
/* The broker is down and its store is lost: some backup takes its place. False: there is none, or it is one of before an
 * erasure, which nobody can open; the store is as it was. */
bool sim_backup_restore(const sim_town *town, vdr_position *ret_next);

#endif
