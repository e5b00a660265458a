/* The core as a process behind a pty: what demo, tests and rehearsals plug into instead of a board.
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

#include "board.h"
#include "hal.h"
#include "plant_page.h"

#define STEP_NS 1000000ull
#define USAGE                                                                                           \
    "usage: bombus-mcu --plant FILE [--config FILE] [--link PATH] [--boot-id N] [--drift-ppm N]\n"       \
    "                  [--die-with-parent]\n"

typedef struct {
    const char *plant, *config, *link;
    uint32_t boot_id;
    long drift_ppm;
    bool die_with_parent;
} options;

/* The machine around the core, as registers are on a real board. */
static struct {
    options options;
    bb_config config;
    bb_plant_page *page;
    uint64_t open;
    int pty;
} host;

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
uint32_t bb_hal_now_us(void)
{
    int64_t us = (int64_t)(now_ns() / 1000u);
    return (uint32_t)(us + us / 1000 * host.options.drift_ppm / 1000);
}

uint32_t bb_hal_boot_id(void)
{
    return host.options.boot_id;
}

uint8_t bb_hal_reset_cause(void)
{
    return BB_RESET_CAUSE_POWER_ON;
}

const bb_config *bb_hal_config(void)
{
    return &host.config;
}

void bb_hal_sense(bb_inputs *inputs)
{
    bb_plant_page *page = host.page;
    uint32_t buttons = atomic_load(&page->buttons);
    uint32_t sampled_us = atomic_load(&page->sampled_us);
    inputs->encoder_ticks = atomic_load(&page->encoder_ticks);
    inputs->pressure_kpa = (uint16_t)atomic_load(&page->pressure_kpa);
    inputs->battery_mv = (uint16_t)atomic_load(&page->battery_mv);
    uint32_t age_us = (uint32_t)(now_ns() / 1000u) - sampled_us;
    inputs->pressure_age_us = age_us < 0x80000000u ? age_us : 0; /* sampled while we looked */
    inputs->button = (buttons & 1u) != 0;
    inputs->bumper = (buttons & 2u) != 0;
    inputs->end_switch = (buttons & 4u) != 0;
}

size_t bb_hal_read(uint8_t *bytes, size_t room)
{
    ssize_t size = read(host.pty, bytes, room);
    return size > 0 ? (size_t)size : 0;
}

size_t bb_hal_write(const uint8_t *bytes, size_t size)
{
    ssize_t sent = write(host.pty, bytes, size);
    return sent > 0 ? (size_t)sent : 0;
}

/* Shows the valves to the machine, and every edge to whoever reads the trace. */
void bb_hal_valves(uint64_t open, uint32_t cap_us)
{
    (void)cap_us; /* a process has no one-shot that would outlive it */
    uint64_t changed = open ^ host.open;
    uint64_t at_us = changed != 0 ? now_ns() / 1000u : 0;
    for (uint32_t n = 0; changed != 0 && n < BB_MAX_NOZZLES; n++) {
        if (!(changed >> n & 1u))
            continue;
        uint32_t count = atomic_load(&host.page->edge_count);
        bb_plant_edge edge = {at_us, (uint16_t)n, (uint16_t)(open >> n & 1u), atomic_load(&host.page->steps)};
        host.page->edges[count % BB_PLANT_EDGES] = edge;
        atomic_store(&host.page->edge_count, count + 1u);
    }
    host.open = open;
    atomic_store(&host.page->valves_low, (uint32_t)open);
    atomic_store(&host.page->valves_high, (uint32_t)(open >> 32));
}

void bb_hal_motor(int16_t velocity_mm_s)
{
    atomic_store(&host.page->motor_mm_s, velocity_mm_s);
}

void bb_hal_compressor(bool on)
{
    atomic_store(&host.page->compressor, on ? 1u : 0u);
}

void bb_hal_watchdog_feed(void)
{
    atomic_fetch_add(&host.page->steps, 1u);
}

static void run(bb_board *board)
{
    uint64_t next = now_ns() + STEP_NS;
    while (!ending) {
        uint64_t now = now_ns();
        if (now >= next) {
            bb_board_step(board);
            bb_board_bytes(board);
            /* After a stall one step is enough: the core is told the time, it does not count steps. */
            next = next + STEP_NS > now ? next + STEP_NS : now + STEP_NS;
            continue;
        }
        struct timespec wait = {.tv_nsec = (long)(next - now)};
        struct pollfd fd = {.fd = host.pty, .events = POLLIN};
        if (ppoll(&fd, 1, &wait, NULL) > 0)
            bb_board_bytes(board);
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

static bool read_option(options *o, const char *name, const char *value)
{
    if (strcmp(name, "--plant") == 0)
        o->plant = value;
    else if (strcmp(name, "--config") == 0)
        o->config = value;
    else if (strcmp(name, "--link") == 0)
        o->link = value;
    else if (strcmp(name, "--boot-id") == 0)
        o->boot_id = (uint32_t)strtoul(value, NULL, 0);
    else if (strcmp(name, "--drift-ppm") == 0)
        o->drift_ppm = strtol(value, NULL, 0);
    else
        return false;
    return true;
}

static void read_options(options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--die-with-parent") == 0) {
            o->die_with_parent = true;
        } else if (i + 1 >= argc || !read_option(o, argv[i], argv[i + 1])) {
            fprintf(stderr, "bombus-mcu: option %s is unknown or has no value\n%s", argv[i], USAGE);
            exit(2);
        } else {
            i++;
        }
    }
    if (o->plant == NULL) {
        fprintf(stderr, "bombus-mcu: give --plant FILE (made by the simulator)\n%s", USAGE);
        exit(2);
    }
    while (o->boot_id == 0)
        if (getrandom(&o->boot_id, sizeof o->boot_id, 0) < 0)
            give_up("cannot draw", "a boot id");
}

int main(int argc, char **argv)
{
    static bb_board board;
    read_options(&host.options, argc, argv);
    host.config = read_config(host.options.config);
    if (host.options.die_with_parent)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    host.page = map_page(host.options.plant);
    bb_board_start(&board);
    host.pty = open_pty(host.options.link);
    run(&board);
    bb_hal_valves(0, 0); /* as pins at reset */
    bb_hal_motor(0);
    bb_hal_compressor(false);
    if (host.options.link != NULL)
        unlink(host.options.link);
    return 0;
}
