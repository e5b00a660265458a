#include "pulses.h"

void bb_pulses_init(bb_pulses *pulses)
{
    for (unsigned n = 0; n < BB_MAX_NOZZLES; n++)
        pulses->lanes[n] = (bb_lane){.first = BB_NO_SLOT, .running = BB_NO_SLOT, .held = 0};
}

uint16_t bb_pulses_find(const bb_pulses *pulses, uint32_t id)
{
    for (uint16_t i = 0; i < BB_POOL; i++)
        if (pulses->slots[i].state != BB_SLOT_FREE && pulses->slots[i].id == id)
            return i;
    return BB_NO_SLOT;
}

uint16_t bb_pulses_allocate(bb_pulses *pulses)
{
    for (unsigned tried = 0; tried < BB_POOL; tried++) {
        uint16_t index = pulses->cursor;
        uint8_t state = pulses->slots[index].state;
        pulses->cursor = (uint16_t)((index + 1u) % BB_POOL);
        if (state == BB_SLOT_FREE || state == BB_SLOT_KEPT)
            return index;
    }
    return BB_NO_SLOT;
}

void bb_pulses_enqueue(bb_pulses *pulses, uint16_t index)
{
    bb_slot *slot = &pulses->slots[index];
    bb_lane *lane = &pulses->lanes[slot->nozzle];
    uint16_t *end = &lane->first;
    while (*end != BB_NO_SLOT)
        end = &pulses->slots[*end].next;
    *end = index;
    slot->next = BB_NO_SLOT;
    slot->state = BB_SLOT_QUEUED;
    slot->outcome = BB_OUTCOME_PENDING;
    lane->held++;
    pulses->queued++;
}

static void unlink_slot(bb_pulses *pulses, uint16_t index)
{
    uint16_t *link = &pulses->lanes[pulses->slots[index].nozzle].first;
    while (*link != index)
        link = &pulses->slots[*link].next;
    *link = pulses->slots[index].next;
}

void bb_pulses_start(bb_pulses *pulses, uint16_t index)
{
    bb_slot *slot = &pulses->slots[index];
    unlink_slot(pulses, index);
    pulses->lanes[slot->nozzle].running = index;
    slot->state = BB_SLOT_RUNNING;
    slot->outcome = BB_OUTCOME_RUNNING;
}

void bb_pulses_finish(bb_pulses *pulses, uint16_t index, uint8_t outcome, uint8_t cause)
{
    bb_slot *slot = &pulses->slots[index];
    bb_lane *lane = &pulses->lanes[slot->nozzle];
    if (slot->state == BB_SLOT_RUNNING)
        lane->running = BB_NO_SLOT;
    else
        unlink_slot(pulses, index);
    lane->held--;
    pulses->queued--;
    pulses->unacked++;
    slot->state = BB_SLOT_UNACKED;
    slot->outcome = outcome;
    slot->cause = cause;
}

void bb_pulses_acknowledge(bb_pulses *pulses, uint32_t id)
{
    uint16_t index = bb_pulses_find(pulses, id);
    if (index == BB_NO_SLOT || pulses->slots[index].state != BB_SLOT_UNACKED)
        return;
    pulses->slots[index].state = BB_SLOT_KEPT;
    pulses->unacked--;
}
