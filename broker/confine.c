#include "broker/confine.h"

#include "broker/sandbox/sandbox.h"
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACES_MAX 24u
#define PATH_BYTES 4096u

typedef struct places {
    vdr_sandbox_place at[PLACES_MAX];
    char folders[PLACES_MAX][PATH_BYTES]; /* names that had to be made from others */
    size_t count, made;
} places;

static void
add(places *list, const char *path, vdr_sandbox_use use)
{
    VDR_ASSERT(list->count < PLACES_MAX);
    if (path != NULL)
        list->at[list->count++] = (vdr_sandbox_place){.path = path, .use = use};
}

/* The folder in which path stands. */
static void
add_folder_of(places *list, const char *path, vdr_sandbox_use use)
{
    if (path == NULL)
        return;
    VDR_ASSERT(list->made < PLACES_MAX);
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (len >= PATH_BYTES)
        return;
    char *folder = list->folders[list->made++];
    memcpy(folder, slash == NULL ? "." : path, len);
    folder[len] = '\0';
    add(list, folder, use);
}

/* A file that is written beside its place and then renamed: "X.new", then "X". */
static void
add_replaced(places *list, const char *path)
{
    if (path == NULL)
        return;
    add_folder_of(list, path, VDR_SANDBOX_RENAME);
    VDR_ASSERT(list->made < PLACES_MAX);
    char *beside = list->folders[list->made++];
    int len = snprintf(beside, PATH_BYTES, "%s.new", path);
    if (len < 0 || (size_t)len >= PATH_BYTES)
        return;
    int fd = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    add(list, beside, VDR_SANDBOX_FILL);
}

/* SCHEME/PATH, where a socket of this machine will be. */
static void
add_socket(places *list, const char *address, const char *scheme)
{
    size_t len = strlen(scheme);
    if (address != NULL && strncmp(address, scheme, len) == 0)
        add_folder_of(list, address + len, VDR_SANDBOX_SOCKET);
}

static void
make_folder(const char *path)
{
    if (path != NULL)
        (void)vdr_folder_make(path); /* who needs it finds out, and says it better */
}

vdr_confined
vdr_confine_paths(const vdr_node *node, const char *config_dir, const char *store_dir)
{
    places *list = (places *)vdr_alloc(1, sizeof *list);
    make_folder(store_dir);
    make_folder(node->backups);
    make_folder(node->heads);
    make_folder(node->heads_copy);
    add(list, store_dir, VDR_SANDBOX_WRITE);
    add(list, node->backups, VDR_SANDBOX_WRITE);
    add(list, node->heads, VDR_SANDBOX_WRITE);
    add(list, node->heads_copy, VDR_SANDBOX_WRITE);
    add(list, config_dir, VDR_SANDBOX_READ);
    add_folder_of(list, node->path, VDR_SANDBOX_READ);
    add_folder_of(list, node->server_key, VDR_SANDBOX_READ);
    add_folder_of(list, node->pseudonym_key, VDR_SANDBOX_READ);
    add_folder_of(list, node->pseudonym_key_next, VDR_SANDBOX_READ);
    add_folder_of(list, node->signing_key, VDR_SANDBOX_READ);
    add_folder_of(list, node->store_key, VDR_SANDBOX_READ);
    add_folder_of(list, node->store_key_next, VDR_SANDBOX_READ);
    add_folder_of(list, node->logboek_key, VDR_SANDBOX_READ);
    add(list, node->escrow, VDR_SANDBOX_WRITE);
    add_replaced(list, node->endpoints);
    add_socket(list, node->listen, "ipc://");
    add_socket(list, node->operators, "ipc://");
    add_socket(list, node->metrics, "unix:");
    add(list, "/proc/self", VDR_SANDBOX_READ);
    add(list, "/sys/devices/system/cpu", VDR_SANDBOX_READ);
    add(list, "/dev/urandom", VDR_SANDBOX_READ);
    add(list, "/dev/null", VDR_SANDBOX_READ);
    vdr_confined confined = {0};
    confined.state = vdr_sandbox_paths(list->at, list->count, &confined.level);
    free(list);
    return confined;
}

void
vdr_confine_calls(vdr_confined paths)
{
    size_t calls = 0;
    const char *user = geteuid() == 0 ? "root" : "its own";
    vdr_sandbox_state state = vdr_sandbox_calls(&calls);
    if (paths.state != VDR_SANDBOX_ON)
        VDR_NOTE(SANDBOX_OPEN, vdr_field_text("what", "paths"),
                 vdr_field_text("text", vdr_sandbox_state_name(paths.state)));
    if (state != VDR_SANDBOX_ON)
        VDR_NOTE(SANDBOX_OPEN, vdr_field_text("what", "calls"),
                 vdr_field_text("text", vdr_sandbox_state_name(state)));
    VDR_NOTE(SANDBOX, vdr_field_text("user", user), vdr_field_number("landlock", (uint64_t)paths.level),
             vdr_field_number("calls", calls));
}

void
vdr_confine_nothing(void)
{
    VDR_NOTE(SANDBOX_OPEN, vdr_field_text("what", "paths and calls"), vdr_field_text("text", "--no-sandbox"));
}
