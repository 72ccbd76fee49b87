/* voordeur-courier: mailboxes pushed as webhooks, cases kept in step in a case system. */
#include "clients/courier/standing.h"
#include "clients/courier/verbs.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: voordeur-courier --config FILE [--check]\n"
    "       voordeur-courier status --config FILE [--json]\n"
    "       voordeur-courier letters list|replay|drop --config FILE …\n"
    "\n"
    "Pushes mailboxes to their receivers over HTTPS, as signed CloudEvents (Standard Webhooks), and keeps\n"
    "every case in step as a zaak in a case system (Zaken API). What a receiver did not take waits in the\n"
    "broker's mailbox; what was given up is a dead letter, that can be sent again.\n"
    "\n"
    "  --config FILE   courier.yaml\n"
    "  --check         read and check all of it, say what is wrong, start nothing\n"
    "  --help, --version\n"
    "\n"
    "Exit status:\n"
    "  0  stopped in order, or --check found nothing wrong\n"
    "  1  cannot start or go on: a file, or another courier has the folder\n"
    "  2  the command line, courier.yaml, a key or a secret is wrong\n";

/* One courier has a folder. Returns the descriptor that holds it, or -1. */
static int
hold_folder(const vdr_courier_config *config)
{
    char path[PATH_MAX];
    if (mkdir(config->folder, 0700) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "voordeur-courier: %s: %s\n", config->folder, strerror(errno));
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/lock", config->folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)fprintf(stderr, "voordeur-courier: %s: %s\n", path,
                      errno == EWOULDBLOCK ? "another courier works with this folder" : strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

/* Until SIGTERM or SIGINT, which are blocked in every thread. */
static void
attend(const vdr_courier_config *config, vdr_webhook *const *webhooks, vdr_zaken *zaken, const sigset_t *ends)
{
    const struct timespec second = {.tv_sec = 1};
    do {
        if (vdr_standing_write(config, webhooks, zaken) != VDR_OK)
            (void)fprintf(stderr, "level=warn event=status_not_written folder=%s\n", config->folder);
    } while (sigtimedwait(ends, NULL, &second) < 0);
}

static int
run(const vdr_courier_config *config)
{
    char words[256];
    vdr_zaken *zaken = NULL;
    int status = VDR_COURIER_DONE;
    int lock = hold_folder(config);
    if (lock < 0)
        return VDR_COURIER_FAILED;
    vdr_webhook **webhooks = vdr_alloc(config->delivery_count + 1, sizeof *webhooks);
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    for (size_t i = 0; i < config->delivery_count && status == VDR_COURIER_DONE; i++) {
        if (vdr_webhook_start(config, &config->deliveries[i], &webhooks[i], words) != VDR_OK) {
            (void)fprintf(stderr, "voordeur-courier: %s: %s\n", config->deliveries[i].party, words);
            status = VDR_COURIER_USAGE;
        }
    }
    if (status == VDR_COURIER_DONE && config->zaken != NULL &&
        vdr_zaken_start(config, &zaken, words) != VDR_OK) {
        (void)fprintf(stderr, "voordeur-courier: zaken: %s\n", words);
        status = VDR_COURIER_USAGE;
    }
    if (status == VDR_COURIER_DONE) {
        (void)fputs("level=info event=started\n", stderr);
        attend(config, webhooks, zaken, &ends);
        (void)fputs("level=info event=stopping\n", stderr);
    }
    for (size_t i = 0; i < config->delivery_count; i++)
        vdr_webhook_stop(webhooks[i]);
    vdr_zaken_stop(zaken);
    for (size_t i = 0; i < config->delivery_count; i++)
        vdr_webhook_join(&webhooks[i]);
    vdr_zaken_join(&zaken);
    free(webhooks);
    (void)close(lock);
    return status;
}

/* No core dumps, which would write keys and messages to disk. */
static void
harden(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)signal(SIGPIPE, SIG_IGN);
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    bool check = false;
    int option;
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return VDR_COURIER_FAILED;
    if (argc > 1 && strcmp(argv[1], "letters") == 0)
        return vdr_courier_letters(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "status") == 0)
        return vdr_courier_status(argc - 1, argv + 1);
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'x':
            check = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return VDR_COURIER_DONE;
        case 'v':
            (void)puts("voordeur-courier " VDR_VERSION);
            return VDR_COURIER_DONE;
        default:
            return VDR_COURIER_USAGE; /* getopt has said what is wrong */
        }
    }
    if (path == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return VDR_COURIER_USAGE;
    }
    vdr_courier_config *config = NULL;
    vdr_bytes words = {0};
    vdr_err err = vdr_courier_config_read(path, &config, &words);
    (void)fprintf(stderr, "%.*s", (int)words.len, (const char *)words.at);
    vdr_bytes_done(&words);
    if (err != VDR_OK)
        return VDR_COURIER_USAGE;
    harden();
    int status = check ? VDR_COURIER_DONE : run(config);
    vdr_courier_config_free(&config);
    curl_global_cleanup();
    return status;
}
