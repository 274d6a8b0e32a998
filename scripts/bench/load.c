/*
 * The load of `deno task bench` and `deno task soak`, and its targets, all on
 * 127.0.0.1. Without a C compiler, `load.ts` does the same more slowly.
 *
 *   load targets                                  prints {"echo":PORT,"sink":PORT}; ends with stdin
 *   load rate WAY PORT TARGET CLIENTS SECONDS     connections, each with one echo
 *   load echo WAY PORT TARGET COUNT               echoes in one connection
 *   load bulk WAY PORT TARGET STREAMS SECONDS up|down
 *   load short PORT TARGET CLIENTS COUNT          all kinds of connections that a proxy gets
 *   load idle WAY PORT TARGET                     each line of stdin is a number of connections to hold
 *
 * WAY is `socks` (a SOCKS5 proxy listens on PORT) or `plain` (a relay, or the
 * target itself). Each command prints lines of JSON.
 *
 * Build: cc -O2 -pthread -o load load.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 64, BLOCK = 256 * 1024, MOST_CLIENTS = 256, EVENTS = 256 };

/* Nothing listens on this port. */
enum { CLOSED_PORT = 1 };

/* Destination of the load. */
static int is_socks, proxy_port, target_port;

static atomic_int is_over;

/* Results of one client. */
struct client {
  pthread_t thread;
  int is_down;
  long done, failed;
  double *times;
  size_t room;
};
static struct client clients[MOST_CLIENTS];

static double seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

/* ---- Sockets ---- */

static struct sockaddr_in at_port(int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int send_all(int fd, const void *bytes, size_t length) {
  const char *next = bytes, *end = next + length;
  while (next < end) {
    ssize_t count = send(fd, next, end - next, MSG_NOSIGNAL);
    if (count <= 0) return -1;
    next += count;
  }
  return 0;
}

static int receive_all(int fd, void *bytes, size_t length) {
  char *next = bytes, *end = next + length;
  while (next < end) {
    ssize_t count = recv(fd, next, end - next, 0);
    if (count <= 0) return -1;
    next += count;
  }
  return 0;
}

/* Connects to the destination. Reads and writes time out after ten seconds. */
static int connect_there(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (fd < 0) return -1;
  struct timeval limit = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = at_port(proxy_port);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/* Closes with a reset, so that no port stays in TIME_WAIT. */
static void drop(int fd) {
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

/* Half-closes, and waits for the other side's end. */
static int end_in_order(int fd) {
  char rest[MESSAGE];
  shutdown(fd, SHUT_WR);
  ssize_t count = recv(fd, rest, sizeof rest, 0);
  close(fd);
  return count == 0 ? 0 : -1;
}

/* Asks a SOCKS5 proxy for a port (RFC 1928). Returns REP, or -1. */
static int ask_socks(int fd, int port) {
  const unsigned char greeting[] = {5, 1, 0};
  const unsigned char request[] = {5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port};
  unsigned char answer[10];
  if (send_all(fd, greeting, sizeof greeting)) return -1;
  if (receive_all(fd, answer, 2) || answer[1] != 0) return -1;
  if (send_all(fd, request, sizeof request)) return -1;
  if (receive_all(fd, answer, sizeof answer)) return -1;
  return answer[1];
}

/* Asks an HTTP proxy for a port: one write, one response without a body. */
static int ask_http(int fd, int port) {
  char text[256];
  int length = snprintf(text, sizeof text,
      "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", port, port);
  if (send_all(fd, text, length)) return -1;
  int count = 0;
  while (count < 4 || memcmp(text + count - 4, "\r\n\r\n", 4) != 0) {
    if (count == sizeof text || recv(fd, text + count, 1, 0) != 1) return -1;
    count++;
  }
  return memcmp(text + 8, " 200", 4) == 0 ? 0 : -1;
}

static int open_there(void) {
  int fd = connect_there();
  if (fd < 0 || !is_socks || ask_socks(fd, target_port) == 0) return fd;
  drop(fd);
  return -1;
}

static int echo_once(int fd) {
  char message[MESSAGE], answer[MESSAGE];
  memset(message, 'x', sizeof message);
  if (send_all(fd, message, sizeof message)) return -1;
  if (receive_all(fd, answer, sizeof answer)) return -1;
  return memcmp(message, answer, sizeof answer) == 0 ? 0 : -1;
}

/* ---- Targets ---- */

/* Kind of a target's connection, beside its descriptor in an event. */
enum role { ECHO_LISTENER, SINK_LISTENER, ECHO, SINK, SOURCE, STDIN };

static void watch(int poll, int fd, enum role role) {
  struct epoll_event event = {.events = EPOLLIN};
  if (role == SOURCE) event.events |= EPOLLOUT;
  event.data.u64 = (uint64_t)role << 32 | (uint32_t)fd;
  int operation = role == SOURCE ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  epoll_ctl(poll, operation, fd, &event);
}

static int listen_anywhere(int poll, enum role role) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = at_port(0);
  socklen_t length = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, length) || listen(fd, 4096)) {
    perror("listen");
    exit(1);
  }
  getsockname(fd, (struct sockaddr *)&address, &length);
  watch(poll, fd, role);
  return ntohs(address.sin_port);
}

static void accept_all(int poll, int listener, enum role role) {
  int fd, on = 1;
  while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(poll, fd, role == ECHO_LISTENER ? ECHO : SINK);
  }
}

/* Serves one ready connection; returns whether it stays open. */
static int serve(int poll, int fd, enum role role, uint32_t events) {
  static char block[BLOCK];
  if (role == SOURCE && events & EPOLLOUT) {
    memset(block, 0, sizeof block);
    ssize_t sent;
    while ((sent = send(fd, block, sizeof block, MSG_NOSIGNAL)) > 0) {}
    return errno == EAGAIN;
  }
  ssize_t count = recv(fd, block, sizeof block, 0);
  if (count < 0) return errno == EAGAIN;
  if (count == 0) return 0;
  if (role == SINK && block[0] == 'S') watch(poll, fd, SOURCE);
  /* A message of the load fits into any socket's buffer. */
  return role != ECHO || send_all(fd, block, count) == 0;
}

static void run_targets(void) {
  int poll = epoll_create1(0);
  int echo = listen_anywhere(poll, ECHO_LISTENER);
  int sink = listen_anywhere(poll, SINK_LISTENER);
  watch(poll, 0, STDIN);
  printf("{\"echo\":%d,\"sink\":%d}\n", echo, sink);
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(poll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      int fd = (int)(uint32_t)events[i].data.u64;
      enum role role = events[i].data.u64 >> 32;
      if (role == STDIN) exit(0);
      if (role <= SINK_LISTENER) accept_all(poll, fd, role);
      else if (!serve(poll, fd, role, events[i].events)) close(fd);
    }
  }
}

/* ---- Loads ---- */

static void note_time(struct client *client, double time) {
  size_t count = client->done++;
  if (count == client->room) {
    client->room = client->room ? client->room * 2 : 4096;
    client->times = realloc(client->times, client->room * sizeof *client->times);
  }
  client->times[count] = time;
}

static void *connect_often(void *given) {
  struct client *client = given;
  while (!is_over) {
    double begun = seconds_now();
    int fd = open_there();
    if (fd >= 0 && echo_once(fd) == 0) note_time(client, seconds_now() - begun);
    else client->failed++;
    if (fd >= 0) drop(fd);
  }
  return 0;
}

static void *carry_bytes(void *given) {
  struct client *client = given;
  char *block = calloc(1, BLOCK);
  int fd = open_there();
  if (fd >= 0 && client->is_down && send_all(fd, "S", 1)) is_over = 1;
  while (fd >= 0 && !is_over) {
    ssize_t count = client->is_down ? recv(fd, block, BLOCK, 0)
                                    : send(fd, block, BLOCK, MSG_NOSIGNAL);
    if (count <= 0) break;
    client->done += count;
  }
  if (fd < 0 || !is_over) client->failed++;
  if (fd >= 0) drop(fd);
  return 0;
}

static atomic_long short_left;

/* Makes one connection of a kind; returns 0 on the expected outcome. */
static int connect_as(int kind) {
  int fd = connect_there();
  if (fd < 0) return -1;
  int result = 0;
  if (kind == 3) { /* Leaves during the handshake. */
    result = send_all(fd, "\5\1\0", 3);
  } else if (kind == 4) { /* The target refuses: REP 5. */
    result = ask_socks(fd, CLOSED_PORT) == 5 ? 0 : -1;
  } else {
    int reply = kind == 2 ? ask_http(fd, target_port) : ask_socks(fd, target_port);
    result = reply == 0 ? echo_once(fd) : -1;
    if (kind != 0 && result == 0) return end_in_order(fd);
  }
  drop(fd);
  return result;
}

static void *connect_in_turn(void *given) {
  struct client *client = given;
  long left;
  while ((left = atomic_fetch_sub(&short_left, 1)) > 0) {
    if (connect_as(left % 5) == 0) client->done++;
    else client->failed++;
  }
  return 0;
}

/* Runs clients, for a time if one is given; returns the duration. */
static double run_clients(int count, void *(*body)(void *), double seconds) {
  double begun = seconds_now(), end = begun;
  for (int i = 0; i < count; i++)
    pthread_create(&clients[i].thread, 0, body, &clients[i]);
  if (seconds > 0) {
    usleep(seconds * 1e6);
    is_over = 1;
    end = seconds_now();
  }
  for (int i = 0; i < count; i++) pthread_join(clients[i].thread, 0);
  return (seconds > 0 ? end : seconds_now()) - begun;
}

static struct client sum_of(int count) {
  struct client sum = {0};
  for (int i = 0; i < count; i++) {
    sum.done += clients[i].done;
    sum.failed += clients[i].failed;
  }
  return sum;
}

static int by_value(const void *left, const void *right) {
  double one = *(const double *)left, other = *(const double *)right;
  return (one > other) - (one < other);
}

static void print_times(double *times, long count) {
  qsort(times, count, sizeof *times, by_value);
  printf("\"p50\":%.1f,\"p99\":%.1f}\n", count ? times[count / 2] * 1e6 : -1,
      count ? times[count * 99 / 100] * 1e6 : -1);
}

static void load_rate(int count, double seconds) {
  double took = run_clients(count, connect_often, seconds);
  struct client sum = sum_of(count);
  double *times = malloc((sum.done + 1) * sizeof *times), *next = times;
  for (int i = 0; i < count; i++)
    for (long j = 0; j < clients[i].done; j++) *next++ = clients[i].times[j];
  printf("{\"done\":%ld,\"failed\":%ld,\"seconds\":%.6f,", sum.done, sum.failed, took);
  print_times(times, sum.done);
}

static void load_echo(int count) {
  int fd = open_there();
  struct client *client = &clients[0];
  for (int i = -count / 10; fd >= 0 && i < count; i++) {
    double begun = seconds_now();
    if (echo_once(fd)) break;
    if (i >= 0) note_time(client, seconds_now() - begun); /* otherwise it is warming up */
  }
  printf("{\"done\":%ld,\"failed\":%d,", client->done, client->done < count);
  print_times(client->times, client->done);
}

static void load_bulk(int count, double seconds, const char *way) {
  for (int i = 0; i < count; i++) clients[i].is_down = !strcmp(way, "down");
  double took = run_clients(count, carry_bytes, seconds);
  struct client sum = sum_of(count);
  printf("{\"done\":%ld,\"failed\":%ld,\"seconds\":%.6f}\n", sum.done, sum.failed, took);
}

static void load_short(int count, long connections) {
  short_left = connections;
  double took = run_clients(count, connect_in_turn, 0);
  struct client sum = sum_of(count);
  printf("{\"done\":%ld,\"failed\":%ld,\"seconds\":%.6f}\n", sum.done, sum.failed, took);
}

static void load_idle(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  int *open = malloc(limit.rlim_cur * sizeof *open);
  long count = 0, wanted;
  while (scanf("%ld", &wanted) == 1) {
    long failed = 0;
    while (count < wanted && failed < 10) {
      int fd = open_there();
      if (fd >= 0 && echo_once(fd) == 0) open[count++] = fd;
      else failed++;
      if (fd >= 0 && failed && (count == 0 || open[count - 1] != fd)) drop(fd);
    }
    /* Closes in order and in reverse, so that clients do not always close the oldest. */
    while (count > wanted) end_in_order(open[--count]);
    printf("{\"open\":%ld,\"failed\":%ld}\n", count, failed);
  }
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **words) {
  const char *mode = count > 1 ? words[1] : "";
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, 0, _IOLBF, 0);
  raise_descriptor_limit();
  if (!strcmp(mode, "targets")) run_targets();
  int is_short = !strcmp(mode, "short");
  char **rest = words + (is_short ? 2 : 3); /* from PORT on */
  int left = count - (is_short ? 2 : 3);
  if (left < 2) return 2;
  is_socks = is_short || !strcmp(words[2], "socks");
  proxy_port = atoi(rest[0]);
  target_port = atoi(rest[1]);
  int clients_asked = left > 2 ? atoi(rest[2]) : 0;
  int is_few = clients_asked <= MOST_CLIENTS;
  if (!strcmp(mode, "rate") && left == 4 && is_few) load_rate(clients_asked, atof(rest[3]));
  else if (!strcmp(mode, "bulk") && left == 5 && is_few) load_bulk(clients_asked, atof(rest[3]), rest[4]);
  else if (is_short && left == 4 && is_few) load_short(clients_asked, atol(rest[3]));
  else if (!strcmp(mode, "echo") && left == 3) load_echo(clients_asked);
  else if (!strcmp(mode, "idle") && left == 2) load_idle();
  else return 2;
  return 0;
}
