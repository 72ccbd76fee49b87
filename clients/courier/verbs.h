/* clients/courier/verbs.h - voordeur-courier letters … and status: for those who run it. */
#ifndef VDR_COURIER_VERBS_H
#define VDR_COURIER_VERBS_H

enum { VDR_COURIER_DONE = 0, VDR_COURIER_FAILED = 1, VDR_COURIER_USAGE = 2 }; /* exit statuses */

int vdr_courier_letters(int argc, char **argv); /* argv[0] is "letters" */
int vdr_courier_status(int argc, char **argv);  /* argv[0] is "status" */

#endif
