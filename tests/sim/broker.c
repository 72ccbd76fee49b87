#include "tests/sim/broker.h"

#include "broker/gauge/journal.h"
#include "tests/sim/audit.h"
#include "tests/sim/backup.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/event.h"
#include "tests/sim/fiber.h"
#include "tests/sim/keys.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static char config_dir[256], store_dir[256], node_path[256];
static uint64_t fiber, starts;
static bool serves;
static vdr_exit status;
static vdr_engine *engine;
static unsigned rekey_items;

vdr_err __wrap_vdr_engine_open(const vdr_engine_options *options, vdr_engine **ret_engine, char *ret_words);
vdr_err __real_vdr_engine_open(const vdr_engine_options *options, vdr_engine **ret_engine, char *ret_words);
void __wrap_vdr_engine_close(vdr_engine **engine_p);
void __real_vdr_engine_close(vdr_engine **engine_p);
void __wrap_vdr_journal_write(vdr_note note, const vdr_field *fields, size_t count);

void
sim_broker_begin(const char *dir, unsigned rekey_slice)
{
    rekey_items = rekey_slice;
    (void)snprintf(config_dir, sizeof config_dir, "%s/config", dir);
    (void)snprintf(store_dir, sizeof store_dir, "%s/store", dir);
    (void)snprintf(node_path, sizeof node_path, "%s/node.yaml", dir);
}

static void *
run(void *argument)
{
    (void)argument;
    vdr_start_options options = {.config_dir = config_dir,
                                 .store_dir = store_dir,
                                 .node_path = node_path,
                                 .clock = VDR_CLOCK_REAL,
                                 .allow_root = true,
                                 .no_sandbox = true};
    status = vdr_start(&options);
    serves = false;
    sim_trace("broker ends", (uint64_t)status, 0);
    return NULL;
}

void
sim_broker_start(void)
{
    starts++;
    serves = false;
    sim_trace("broker starts", starts, 0);
    fiber = sim_fiber_start("broker", run, NULL);
}

void
sim_broker_crash(bool silent)
{
    sim_trace("broker crashes", silent, 0);
    sim_fibers_leave();
    sim_wire_broker_gone(silent);
    vdr_memory_crash(sim_disk());
    sim_backup_crash();
    engine = NULL;
    serves = false;
    fiber = 0;
}

void
sim_broker_stop(void)
{
    sim_event_signal(SIGTERM);
}

void
sim_broker_reload(void)
{
    sim_event_signal(SIGHUP);
}

bool
sim_broker_runs(void)
{
    return fiber != 0 && !sim_fiber_over(fiber);
}

bool
sim_broker_serves(void)
{
    return serves;
}

vdr_exit
sim_broker_status(void)
{
    return status;
}

const vdr_engine *
sim_broker_engine(void)
{
    return engine;
}

uint64_t
sim_broker_starts(void)
{
    return starts;
}

vdr_err
__wrap_vdr_engine_open(const vdr_engine_options *options, vdr_engine **ret_engine, char *ret_words)
{
    vdr_engine_options slow = *options; /* what changes its key does so for a while */
    slow.rekey_items = rekey_items;
    vdr_err err = __real_vdr_engine_open(&slow, ret_engine, ret_words);
    if (err == VDR_OK)
        engine = *ret_engine;
    return err;
}

void
__wrap_vdr_engine_close(vdr_engine **engine_p)
{
    engine = NULL;
    __real_vdr_engine_close(engine_p);
}

void
__wrap_vdr_journal_write(vdr_note note, const vdr_field *fields, size_t count)
{
    char line[4096];
    sim_trace("journal", (uint64_t)note, 0);
    serves = serves || note == VDR_NOTE_READY;
    if (note == VDR_NOTE_STORE_KEY)
        sim_keys_store_told();
    if (note == VDR_NOTE_BACKUP)
        sim_backup_told(fields[0].number);
    size_t len = vdr_journal_line(VDR_JOURNAL_TEXT, note, sim_clock_wall_ms(), 0, fields, count, line,
                                  sizeof line - 1);
    line[len > 0 ? len - 1 : 0] = '\0';
    sim_trace_words("%s", line);
    sim_audit_journal(line);
}
