/* What the induction takes for the list operations of pulses.c and for bb_fire_drop_all: the same effect without
 * pointers, which a model checker follows faster by far. prove_lists and prove_drop show that they are the same. */
#ifndef BB_MODELS_H
#define BB_MODELS_H

#include "ghost.h"

static bool slot_live(const bb_slot *slot)
{
    return slot->state == BB_SLOT_QUEUED || slot->state == BB_SLOT_RUNNING;
}

static void model_unlink(bb_pulses *p, uint16_t index)
{
    uint16_t next = BB_NO_SLOT;
    for (unsigned i = 0; i < BB_POOL; i++)
        next = i == index ? p->slots[i].next : next;
    for (unsigned n = 0; n < NOZZLES; n++)
        p->lanes[n].first = p->lanes[n].first == index ? next : p->lanes[n].first;
    for (unsigned i = 0; i < BB_POOL; i++)
        if (i != index && p->slots[i].state == BB_SLOT_QUEUED && p->slots[i].next == index)
            p->slots[i].next = next;
}

/* Which slot the search finds: a proof is of one case, so that no access is through an unknown index. */
static uint16_t found_slot = BB_NO_SLOT;

static bool slot_spare(const bb_slot *slot)
{
    return slot->state == BB_SLOT_FREE || slot->state == BB_SLOT_KEPT;
}

static uint16_t model_allocate(bb_pulses *p)
{
    bool any_spare = false;
    for (unsigned i = 0; i < BB_POOL; i++)
        any_spare = any_spare || slot_spare(&p->slots[i]);
    ASSUME(found_slot == BB_NO_SLOT ? !any_spare : slot_spare(&p->slots[found_slot]));
    p->cursor = any_u16();
    ASSUME(p->cursor < BB_POOL);
    return found_slot;
}

static void model_enqueue(bb_pulses *p, uint16_t index)
{
    for (unsigned i = 0; i < BB_POOL; i++) {
        bb_slot *s = &p->slots[i];
        bool last = s->state == BB_SLOT_QUEUED && s->next == BB_NO_SLOT;
        if (i != index && last && s->nozzle == p->slots[index].nozzle)
            s->next = index;
    }
    for (unsigned n = 0; n < NOZZLES; n++)
        if (p->slots[index].nozzle == n) {
            p->lanes[n].first = p->lanes[n].first == BB_NO_SLOT ? index : p->lanes[n].first;
            p->lanes[n].held++;
        }
    for (unsigned i = 0; i < BB_POOL; i++)
        if (i == index) {
            p->slots[i].next = BB_NO_SLOT;
            p->slots[i].state = BB_SLOT_QUEUED;
            p->slots[i].outcome = BB_OUTCOME_PENDING;
        }
    p->queued++;
}

static void model_start(bb_pulses *p, uint16_t index)
{
    model_unlink(p, index);
    for (unsigned i = 0; i < BB_POOL; i++)
        if (i == index) {
            for (unsigned n = 0; n < NOZZLES; n++)
                p->lanes[n].running = p->slots[i].nozzle == n ? index : p->lanes[n].running;
            p->slots[i].state = BB_SLOT_RUNNING;
            p->slots[i].outcome = BB_OUTCOME_RUNNING;
        }
}

static void model_finish(bb_pulses *p, uint16_t index, uint8_t outcome, uint8_t cause)
{
    model_unlink(p, index); /* of a running slot: nothing points to it */
    for (unsigned i = 0; i < BB_POOL; i++)
        if (i == index) {
            for (unsigned n = 0; n < NOZZLES; n++)
                if (p->slots[i].nozzle == n) {
                    p->lanes[n].running = p->lanes[n].running == index ? BB_NO_SLOT : p->lanes[n].running;
                    p->lanes[n].held--;
                }
            p->slots[i].state = BB_SLOT_UNACKED;
            p->slots[i].outcome = outcome;
            p->slots[i].cause = cause;
        }
    p->queued--;
    p->unacked++;
}

/* What nothing of the induction looks at (booked times, outcomes, heat) becomes anything. */
static void model_drop_all(bb_core *c)
{
    for (unsigned n = 0; n < NOZZLES; n++) {
        bb_valve *v = &c->valves[n];
        if (n >= c->config.nozzles)
            continue;
        v->resting = v->resting || v->open;
        v->closed_us = v->open ? c->now_us : v->closed_us;
        v->open = false;
        v->heat_us = any_u32();
        c->pulses.lanes[n] = (bb_lane){.first = BB_NO_SLOT, .running = BB_NO_SLOT, .held = 0};
    }
    for (unsigned i = 0; i < BB_POOL; i++) {
        bb_slot *s = &c->pulses.slots[i];
        if (!slot_live(s))
            continue;
        s->state = BB_SLOT_UNACKED;
        s->outcome = any_u8();
        s->cause = any_u8();
        s->next = any_u16();
        s->told_us = any_u32();
        s->closed_us = any_u32();
        s->on_time_us = any_u32();
        c->pulses.queued--;
        c->pulses.unacked++;
    }
}

#endif
