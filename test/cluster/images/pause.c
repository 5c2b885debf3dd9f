/* Holds a pod's namespaces until it is told to end, and reaps what is orphaned there. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int number) { (void)number; _exit(0); }
static void reap(int number) {
  (void)number;
  while (waitpid(-1, (void *)0, WNOHANG) > 0) {}
}

int main(void) {
  signal(SIGINT, end);
  signal(SIGTERM, end);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
