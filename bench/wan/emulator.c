/*
 * A long line between two network namespaces, in user space, for kernels that have no netem.
 *
 *   emulator A ADDRESS B ADDRESS [--control FIFO] [--NAME VALUE]...
 *
 * Each namespace gets a TUN device "line0" with its address. One lane per direction, each a thread of its own,
 * reads the packets of its host and hands them to the other host later. A lane is, in this order: random damage
 * (loss), a queue that drops its tail, a wire of some rate, a delay, and damage again (reordering, duplicates,
 * corruption). A heap ordered by the moment at which packets are due holds what is under way.
 *
 * Time goes in ticks: at each one a lane takes everything that its host has sent since and delivers everything
 * that is due, so that a busy line costs ten thousand wake-ups a second and not one for each packet. Lanes run
 * with real-time priority where that is allowed, else a loaded machine would be a slow line.
 *
 * Names, changed while it runs by lines of "NAME VALUE" in FIFO:
 *
 *   delay MS        one way; the round trip is twice that       rate MBIT      of the wire, with all headers
 *   queue MS        what may wait for the wire                   loss PERCENT
 *   reorder PERCENT of the packets, held back by reorder-by MS   duplicate PERCENT
 *   corrupt PERCENT one bit of TCP's or UDP's data changed under a right checksum
 *   silent 1|0      nothing passes                               (seed N, when it starts only)
 *
 * Prints "ready" when both devices are up. On SIGTERM prints what the lanes carried, a line of JSON each.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, CAPACITY = 1 << 16, TICK_NS = 100000, AT_ONCE = 1024 };

/* The line's properties; lanes read them packet by packet while the main thread changes them. */
enum { DELAY, RATE, QUEUE, LOSS, REORDER, REORDER_BY, DUPLICATE, CORRUPT, SILENT, PROPERTIES };
static const char *const names[PROPERTIES] = { "delay",      "rate",      "queue",   "loss",  "reorder",
                                               "reorder-by", "duplicate", "corrupt", "silent" };
static _Atomic double property[PROPERTIES] = { 50, 500, 100, 0, 0, 20, 0, 0, 0 };

struct packet {
    int64_t due;
    uint64_t order; /* packets that are due at once leave in the order in which they came */
    uint16_t length;
    uint8_t data[MTU];
};

struct lane {
    const char *name;
    int from, to;
    struct packet **heap; /* heap[0..used) is the heap, heap[used..CAPACITY) the packets that are free */
    uint32_t used;
    uint64_t order, random;
    int64_t wire_free;
    _Atomic uint64_t packets, bytes, lost, dropped, reordered, duplicated, corrupted;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t ms(int name) { return (int64_t)(property[name] * 1e6); }

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t next_random(struct lane *lane) {
    uint64_t z = lane->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int chance(struct lane *lane, int name) {
    double percent = property[name];
    return percent > 0 && (double)(next_random(lane) >> 11) * 0x1p-53 * 100 < percent;
}

static int earlier(const struct packet *a, const struct packet *b) {
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(struct packet **heap, uint32_t a, uint32_t b) {
    struct packet *other = heap[a];
    heap[a] = heap[b];
    heap[b] = other;
}

/* The packet at heap[used] is filled; it becomes one of those under way. */
static void push(struct lane *lane, int64_t due) {
    struct packet **heap = lane->heap;
    uint32_t at = lane->used++;
    heap[at]->due = due;
    heap[at]->order = lane->order++;
    for (uint32_t above; at > 0 && earlier(heap[at], heap[above = (at - 1) / 2]); at = above) swap(heap, at, above);
}

/* The first packet leaves; its place in memory is free again. */
static void pop(struct lane *lane) {
    struct packet **heap = lane->heap;
    swap(heap, 0, --lane->used);
    for (uint32_t at = 0, below; (below = 2 * at + 1) < lane->used; at = below) {
        if (below + 1 < lane->used && earlier(heap[below + 1], heap[below])) below++;
        if (!earlier(heap[below], heap[at])) break;
        swap(heap, at, below);
    }
}

/*
 * Changes one bit of the data and its checksum to match (RFC 1624), as faulty memory of a router does: what
 * comes of it is not caught below the program. IPv4 only.
 */
static int corrupt(struct lane *lane, struct packet *packet) {
    uint8_t *ip = packet->data;
    unsigned header = (ip[0] & 15) * 4u;
    unsigned sum_at = header + (ip[9] == IPPROTO_TCP ? 16 : 6);
    if (ip[0] >> 4 != 4 || (ip[9] != IPPROTO_TCP && ip[9] != IPPROTO_UDP) || packet->length < header + 20u) return 0;
    unsigned data = header + (ip[9] == IPPROTO_TCP ? (ip[header + 12] >> 4) * 4u : 8);
    if (data >= packet->length) return 0;
    unsigned at = data + next_random(lane) % (packet->length - data);
    unsigned even = at - (at - header) % 2; /* sums are over words of 16 bits */
    unsigned odd = even + 1 < packet->length ? ip[even + 1] : 0;
    uint32_t before = (uint32_t)(ip[even] << 8) | odd;
    ip[at] ^= (uint8_t)(1u << (next_random(lane) % 8));
    odd = even + 1 < packet->length ? ip[even + 1] : 0;
    uint32_t after = (uint32_t)(ip[even] << 8) | odd;
    uint32_t sum = (uint32_t)(ip[sum_at] << 8) | ip[sum_at + 1];
    if (ip[9] == IPPROTO_UDP && sum == 0) return 1; /* none was sent */
    sum = (~sum & 0xffff) + (~before & 0xffff) + after;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
    ip[sum_at] = (uint8_t)(sum >> 8);
    ip[sum_at + 1] = (uint8_t)sum;
    return 1;
}

/* The packet at heap[used] was sent just now: what becomes of it. */
static void admit(struct lane *lane, int64_t now) {
    struct packet *packet = lane->heap[lane->used];
    if (property[SILENT] != 0 || chance(lane, LOSS)) {
        lane->lost++;
        return;
    }
    if (lane->wire_free < now) lane->wire_free = now;
    /* One place stays free for a duplicate, and one to read into. */
    if (lane->wire_free - now > ms(QUEUE) || lane->used + 2 >= CAPACITY) {
        lane->dropped++;
        return;
    }
    lane->wire_free += (int64_t)(packet->length * 8000.0 / property[RATE]);
    int64_t due = lane->wire_free + ms(DELAY);
    if (chance(lane, REORDER)) {
        due += ms(REORDER_BY);
        lane->reordered++;
    }
    if (chance(lane, CORRUPT) && corrupt(lane, packet)) lane->corrupted++;
    push(lane, due);
    if (chance(lane, DUPLICATE)) {
        struct packet *copy = lane->heap[lane->used];
        copy->length = packet->length;
        memcpy(copy->data, packet->data, packet->length);
        push(lane, due);
        lane->duplicated++;
    }
}

static void *run(void *argument) {
    struct lane *lane = argument;
    struct sched_param priority = { .sched_priority = 1 };
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority); /* else as it is */
    prctl(PR_SET_TIMERSLACK, 1);
    int64_t tick = now_ns();
    for (;;) {
        int64_t now = now_ns();
        int taken = 0;
        for (ssize_t length; taken < AT_ONCE; taken++) {
            struct packet *packet = lane->heap[lane->used];
            if ((length = read(lane->from, packet->data, MTU)) <= 0) break;
            packet->length = (uint16_t)length;
            admit(lane, now);
        }
        for (; lane->used > 0 && lane->heap[0]->due <= now; pop(lane)) {
            struct packet *packet = lane->heap[0];
            if (property[SILENT] != 0) {
                lane->lost++;
                continue;
            }
            if (write(lane->to, packet->data, packet->length) < 0 && errno == EAGAIN) break;
            lane->packets++;
            lane->bytes += packet->length;
        }
        if (taken == 0 && lane->used == 0) { /* nothing to do until the host sends something */
            struct pollfd readable = { lane->from, POLLIN, 0 };
            poll(&readable, 1, -1);
            tick = now_ns();
            continue;
        }
        tick += TICK_NS;
        if (tick < now) tick = now + TICK_NS;
        struct timespec until = { tick / 1000000000, tick % 1000000000 };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    return NULL;
}

/* Makes the device "line0" with `address` in the namespace `name` and answers with its descriptor. */
static int open_device(const char *name, const char *address) {
    char text[256];
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    snprintf(text, sizeof text, "/var/run/netns/%s", name);
    int space = open(text, O_RDONLY | O_CLOEXEC);
    if (home < 0 || space < 0 || setns(space, CLONE_NEWNET)) fail(text);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0) fail("/dev/net/tun");
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    strcpy(request.ifr_name, "line0");
    if (ioctl(device, TUNSETIFF, &request)) fail("TUNSETIFF");
    snprintf(text, sizeof text,
             "ip link set lo up && ip address add %s/24 dev line0 && ip link set line0 mtu %d txqueuelen 10000 up",
             address, MTU);
    if (system(text) != 0) exit(1);
    if (setns(home, CLONE_NEWNET)) fail("setns");
    close(space);
    close(home);
    return device;
}

static int set(const char *name, const char *value) {
    char *end;
    double number = strtod(value, &end);
    if (end == value || number < 0) return 0;
    for (int i = 0; i < PROPERTIES; i++) {
        if (strcmp(names[i], name) != 0) continue;
        if (i == RATE && number == 0) return 0;
        property[i] = number;
        return 1;
    }
    return 0;
}

static struct lane lanes[2] = { { .name = "a-b" }, { .name = "b-a" } };

static void report(int signal) {
    (void)signal;
    for (int i = 0; i < 2; i++) {
        struct lane *l = &lanes[i];
        dprintf(1, "{\"lane\":\"%s\",\"packets\":%lu,\"bytes\":%lu,\"lost\":%lu,\"dropped\":%lu,\"reordered\":%lu,"
                   "\"duplicated\":%lu,\"corrupted\":%lu}\n",
                l->name, l->packets, l->bytes, l->lost, l->dropped, l->reordered, l->duplicated, l->corrupted);
    }
    _exit(0);
}

int main(int count, char **words) {
    const char *fifo = NULL;
    uint64_t seed = (uint64_t)now_ns();
    if (count < 5 || count % 2 == 0) {
        fputs("usage: emulator A ADDRESS B ADDRESS [--control FIFO] [--NAME VALUE]...\n", stderr);
        return 2;
    }
    for (int i = 5; i < count; i += 2) {
        const char *name = words[i] + 2;
        if (strcmp(name, "control") == 0) fifo = words[i + 1];
        else if (strcmp(name, "seed") == 0) seed = strtoull(words[i + 1], NULL, 10);
        else if (!set(name, words[i + 1])) {
            fprintf(stderr, "%s %s means nothing here\n", words[i], words[i + 1]);
            return 2;
        }
    }
    int a = open_device(words[1], words[2]), b = open_device(words[3], words[4]);
    signal(SIGTERM, report);
    signal(SIGINT, report);
    for (int i = 0; i < 2; i++) {
        struct lane *lane = &lanes[i];
        lane->from = i == 0 ? a : b;
        lane->to = i == 0 ? b : a;
        lane->random = seed + (uint64_t)i;
        struct packet *packets = calloc(CAPACITY, sizeof *packets);
        lane->heap = calloc(CAPACITY, sizeof *lane->heap);
        if (packets == NULL || lane->heap == NULL) fail("calloc");
        for (int k = 0; k < CAPACITY; k++) lane->heap[k] = &packets[k];
        pthread_t thread;
        if (pthread_create(&thread, NULL, run, lane) != 0) fail("pthread_create");
    }
    puts("ready");
    fflush(stdout);
    if (fifo == NULL) for (;;) pause();
    /* Open for writing too, so that it never ends. */
    FILE *control = fopen(fifo, "r+");
    if (control == NULL) fail(fifo);
    char name[32], value[32];
    for (;;) {
        int read = fscanf(control, "%31s %31s", name, value);
        if (read < 2 || !set(name, value)) fprintf(stderr, "not understood: %s\n", read < 1 ? "" : name);
    }
}
