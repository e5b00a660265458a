/* The core as a process behind a pty: what demo, tests and rehearsals plug into instead of a board.
 *
 *   bombus-mcu --plant FILE [--config FILE] [--link PATH] [--boot-id N] [--drift-ppm N] [--die-with-parent]
 *
 * Prints the pty's path. Keeps its own end of the pty open, so that the host may come, go and be killed. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "plant_page.h"

#define STEP_NS 1000000ull
#define TURN_BYTES 256

typedef struct {
    const char *plant, *config, *link;
    uint32_t boot_id;
    long drift_ppm;
    bool die_with_parent;
} options;

typedef struct {
    bb_core core;
    bb_plant_page *page;
    uint64_t open;
    int pty;
    uint8_t pending[BB_OUTBOX_SIZE];
    size_t pending_size;
    long drift_ppm;
} board;

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
    (void)number;
    ending = 1;
}

static void give_up(const char *what, const char *name)
{
    fprintf(stderr, "bombus-mcu: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* The MCU's own clock: the host's with a drift, wrapped to 32 bits. */
static uint32_t mcu_us(const board *b, uint64_t ns)
{
    int64_t us = (int64_t)(ns / 1000u);
    return (uint32_t)(us + us / 1000000 * b->drift_ppm);
}

/* Shows the valves to the machine, and every edge to whoever reads the trace. */
static void show_valves(board *b, uint64_t ns)
{
    uint64_t valves = bb_core_valves(&b->core);
    uint64_t changed = valves ^ b->open;
    for (uint32_t n = 0; changed != 0 && n < BB_MAX_NOZZLES; n++) {
        if (!(changed >> n & 1u))
            continue;
        uint32_t count = atomic_load(&b->page->edge_count);
        b->page->edges[count % BB_PLANT_EDGES] = (bb_plant_edge){ns / 1000u, n, valves >> n & 1u};
        atomic_store(&b->page->edge_count, count + 1u);
    }
    b->open = valves;
    atomic_store(&b->page->valves_low, (uint32_t)valves);
    atomic_store(&b->page->valves_high, (uint32_t)(valves >> 32));
}

/* What the pty does not take now waits; a host that never reads costs telemetry, nothing else. */
static void send_output(board *b)
{
    if (b->pending_size == 0)
        b->pending_size = bb_core_take_output(&b->core, b->pending, sizeof b->pending);
    if (b->pending_size == 0)
        return;
    ssize_t sent = write(b->pty, b->pending, b->pending_size);
    if (sent > 0) {
        b->pending_size -= (size_t)sent;
        memmove(b->pending, b->pending + sent, b->pending_size);
    }
}

static void receive(board *b)
{
    uint8_t bytes[TURN_BYTES];
    ssize_t size = read(b->pty, bytes, sizeof bytes);
    if (size <= 0)
        return;
    uint64_t ns = now_ns();
    bb_core_receive(&b->core, bytes, (size_t)size, mcu_us(b, ns));
    show_valves(b, ns);
    send_output(b);
}

static void step(board *b)
{
    uint64_t ns = now_ns();
    uint32_t buttons = atomic_load(&b->page->buttons);
    bb_inputs inputs = {
        .encoder_ticks = atomic_load(&b->page->encoder_ticks),
        .pressure_kpa = (uint16_t)atomic_load(&b->page->pressure_kpa),
        .battery_mv = (uint16_t)atomic_load(&b->page->battery_mv),
        .pressure_age_us = (uint32_t)(ns / 1000u) - atomic_load(&b->page->sampled_us),
        .button = (buttons & 1u) != 0,
        .bumper = (buttons & 2u) != 0,
    };
    bb_core_step(&b->core, &inputs, mcu_us(b, ns));
    show_valves(b, ns);
    atomic_store(&b->page->motor_mm_s, bb_core_motor(&b->core));
    atomic_fetch_add(&b->page->steps, 1u);
    send_output(b);
}

static void run(board *b)
{
    uint64_t next = now_ns() + STEP_NS;
    while (!ending) {
        uint64_t now = now_ns();
        if (now >= next) {
            step(b);
            /* After a stall one step is enough: the core is told the time, it does not count steps. */
            next = now + STEP_NS;
            continue;
        }
        struct timespec wait = {.tv_nsec = (long)(next - now)};
        struct pollfd fd = {.fd = b->pty, .events = POLLIN};
        if (ppoll(&fd, 1, &wait, NULL) > 0 && (fd.revents & POLLIN))
            receive(b);
    }
}

static int open_pty(const char *link)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        give_up("cannot open", "a pty");
    const char *path = ptsname(master);
    int slave = open(path, O_RDWR | O_NOCTTY);
    struct termios raw;
    if (slave < 0 || tcgetattr(slave, &raw) != 0)
        give_up("cannot open", path);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    if (link != NULL) {
        unlink(link);
        if (symlink(path, link) != 0)
            give_up("cannot make the link", link);
    }
    printf("%s\n", path);
    fflush(stdout);
    return master;
}

static bb_plant_page *map_page(const char *path)
{
    int fd = open(path, O_RDWR);
    if (fd < 0)
        give_up("cannot open the plant page", path);
    bb_plant_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        give_up("cannot map", path);
    if (lseek(fd, 0, SEEK_END) < (off_t)sizeof *page || page->magic != BB_PLANT_MAGIC) {
        fprintf(stderr, "bombus-mcu: %s is no plant page; let the simulator make it\n", path);
        exit(2);
    }
    close(fd);
    return page;
}

static bb_config read_config(const char *path)
{
    bb_config config = BB_CONFIG_DEFAULT;
    if (path == NULL)
        return config;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        give_up("cannot open the configuration", path);
    if (fread(&config, 1, sizeof config, file) != sizeof config) {
        fprintf(stderr, "bombus-mcu: %s is too short for a configuration\n", path);
        exit(2);
    }
    fclose(file);
    return config;
}

static options read_options(int argc, char **argv)
{
    options o = {0};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--die-with-parent") == 0) {
            o.die_with_parent = true;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        if (value == NULL)
            break;
        if (strcmp(name, "--plant") == 0)
            o.plant = value;
        else if (strcmp(name, "--config") == 0)
            o.config = value;
        else if (strcmp(name, "--link") == 0)
            o.link = value;
        else if (strcmp(name, "--boot-id") == 0)
            o.boot_id = (uint32_t)strtoul(value, NULL, 0);
        else if (strcmp(name, "--drift-ppm") == 0)
            o.drift_ppm = strtol(value, NULL, 0);
        else {
            fprintf(stderr, "bombus-mcu: unknown option %s\n", name);
            exit(2);
        }
    }
    if (o.plant == NULL) {
        fprintf(stderr, "bombus-mcu: give --plant FILE (made by the simulator)\n");
        exit(2);
    }
    while (o.boot_id == 0)
        if (getrandom(&o.boot_id, sizeof o.boot_id, 0) < 0)
            give_up("cannot draw", "a boot id");
    return o;
}

int main(int argc, char **argv)
{
    static board b;
    options o = read_options(argc, argv);
    bb_config config = read_config(o.config);
    if (o.die_with_parent)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    b.page = map_page(o.plant);
    b.drift_ppm = o.drift_ppm;
    bb_core_init(&b.core, &config, o.boot_id, BB_RESET_CAUSE_POWER_ON);
    b.pty = open_pty(o.link);
    run(&b);
    /* Reset state: everything closed. */
    bb_core_init(&b.core, &config, o.boot_id, BB_RESET_CAUSE_SOFTWARE);
    show_valves(&b, now_ns());
    atomic_store(&b.page->motor_mm_s, 0);
    if (o.link != NULL)
        unlink(o.link);
    return 0;
}
