//! The pursuit against a merchant in memory: calls are lost, answers are lost, calls arrive long after they were given
//! up, writes fail before and after they took hold, and several functions work on one order at a time.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use quoin_events::{Draft, Timestamp};
use quoin_runtime::{Failure, Personal};

use super::{Book, Pursued, deliver, look_after};
use crate::fulfilment::{Fact, Next};
use crate::merchant::{Answer, Merchant, Recipient, Silence, Word};
use crate::order::{Confirmation, Order, Status, tests::order};

#[derive(Debug, Clone, Copy)]
enum Call {
    Place,
    Standing,
    Cancel,
}

/// Everything that there is: the order as it is written down, the merchant, and calls that are on their way.
struct World {
    order: Order,
    events: Vec<&'static str>,
    takes: bool,
    has: bool,
    refused: bool,
    promised: bool,
    on_their_way: Vec<Call>,
    erased: bool,
    dice: Vec<u8>,
}

impl World {
    /// The next chance; without chances left, everything goes well.
    fn roll(&mut self, sides: u8) -> u8 {
        self.dice.pop().map_or(sides.saturating_sub(1), |chance| chance.checked_rem(sides).unwrap_or(0))
    }

    fn arrive(&mut self, call: Call) -> Word {
        let confirmed = || {
            Word::Confirmed(Confirmation {
                bizone_order_id: "BZN_1".to_owned(),
                estimated_delivery: None,
                tracking_url: None,
            })
        };
        match call {
            _ if self.has => confirmed(),
            _ if self.refused => Word::Refused,
            _ if self.promised => Word::Cancelled,
            Call::Standing => Word::Unknown,
            Call::Cancel => {
                self.promised = true;
                Word::Cancelled
            }
            Call::Place if self.takes => {
                self.has = true;
                confirmed()
            }
            Call::Place => {
                self.refused = true;
                Word::Refused
            }
        }
    }
}

/// Lets the others go first, once.
async fn pause() {
    let mut is_polled = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut is_polled, true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}

impl Merchant for RefCell<World> {
    async fn recipient(&self, _: &Order) -> Result<Option<Recipient>, Failure> {
        let text = || Personal::new("x");
        let whom = Recipient { name: text(), phone: None, line1: text(), city: text(), pincode: text() };
        Ok(if self.borrow().erased { None } else { Some(whom) })
    }

    async fn place(&self, order: &Order, _: &Recipient) -> Result<Answer, Silence> {
        assert!(!order.fulfilment.maybe_received.is_empty(), "a call that nobody wrote down");
        call(self, Call::Place).await
    }

    async fn standing(&self, _: &Order) -> Result<Answer, Silence> {
        call(self, Call::Standing).await
    }

    async fn cancel(&self, order: &Order) -> Result<Answer, Silence> {
        assert!(order.fulfilment.given_up, "an order is let be that is still to be placed");
        call(self, Call::Cancel).await
    }
}

async fn call(world: &RefCell<World>, call: Call) -> Result<Answer, Silence> {
    pause().await;
    let answer = {
        let mut world = world.borrow_mut();
        if world.roll(3) == 0
            && let Some(late) = world.on_their_way.pop()
        {
            world.arrive(late);
        }
        match world.roll(8) {
            0 | 1 => Err(Silence::NotSent("refused".to_owned())),
            2 => Err(Silence::Unheard("lost".to_owned())),
            3 => {
                world.on_their_way.push(call);
                Err(Silence::Unheard("late".to_owned()))
            }
            4 => {
                world.arrive(call);
                Err(Silence::Unheard("the answer is lost".to_owned()))
            }
            _ => Ok(Answer { word: world.arrive(call), request_id: "bzn_req_1".to_owned() }),
        }
    };
    pause().await;
    answer
}

impl Book for RefCell<World> {
    async fn record(&self, fact: Fact) -> Result<Order, Failure> {
        pause().await;
        let mut world = self.borrow_mut();
        let fate = world.roll(12);
        if fate == 0 {
            return Err(Failure::transient("not written"));
        }
        let now = Timestamp::from_millis(9_000);
        assert!(!world.order.is_contradicted_by(&fact), "{fact:?}");
        if let Some((next, drafts)) = world.order.after(&fact, now).outcome(now).unwrap() {
            world.events.extend(drafts.iter().map(Draft::event));
            world.order = next;
        }
        if fate == 1 { Err(Failure::transient("written, but nobody was told")) } else { Ok(world.order.clone()) }
    }
}

type Work<'a> = Pin<Box<dyn Future<Output = Result<Pursued, Failure>> + 'a>>;

/// One function at work: a delivery or a look, on the order as it was read.
fn work(world: &RefCell<World>, kind: u8) -> Work<'_> {
    Box::pin(async move {
        let order = world.borrow().order.clone();
        pause().await;
        match kind % 4 {
            0 => deliver(world, world, &order, false).await,
            1 => deliver(world, world, &order, true).await,
            2 => look_after(world, world, &order, false).await,
            _ => look_after(world, world, &order, true).await,
        }
    })
}

/// Runs `works` in turns as chance has it; any of them may be stopped in the middle, as by a crash.
fn run(world: &RefCell<World>, kinds: &[u8], turns: &[u8]) {
    let mut works: Vec<_> = kinds.iter().map(|kind| work(world, *kind)).collect();
    let mut context = Context::from_waker(Waker::noop());
    for turn in turns {
        if works.is_empty() {
            return;
        }
        let place = usize::from(*turn).checked_rem(works.len()).unwrap_or(0);
        if *turn % 31 == 7 || works[place].as_mut().poll(&mut context).is_ready() {
            drop(works.remove(place));
        }
    }
}

fn alone(mut work: Work<'_>) -> Result<Pursued, Failure> {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(outcome) = work.as_mut().poll(&mut context) {
            return outcome;
        }
    }
}

fn world(takes: bool, erased: bool, dice: Vec<u8>) -> RefCell<World> {
    RefCell::new(World {
        order: order(),
        events: Vec::new(),
        takes,
        has: false,
        refused: false,
        promised: false,
        on_their_way: Vec::new(),
        erased,
        dice,
    })
}

#[test]
fn a_merchant_that_answers_is_asked_once() {
    let world = world(true, false, Vec::new());
    assert_eq!(alone(work(&world, 0)), Ok(Pursued::Decided));
    let world = world.into_inner();
    assert_eq!((world.events.as_slice(), world.order.fulfilment.attempts), (["bizone.order_created"].as_slice(), 1));
}

#[test]
fn an_erased_person_s_order_is_given_up_before_anybody_is_told_of_it() {
    let world = world(true, true, Vec::new());
    assert_eq!(alone(work(&world, 0)), Ok(Pursued::Decided));
    let world = world.into_inner();
    assert_eq!((world.has, world.order.status, world.order.fulfilment.attempts), (false, Status::Failed, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nobody_gets_the_money_back_for_an_order_that_the_merchant_has(
        takes in prop::bool::weighted(0.8),
        erased in prop::bool::weighted(0.1),
        dice in prop::collection::vec(any::<u8>(), 0..120),
        rounds in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 1..4), prop::collection::vec(any::<u8>(), 0..80)), 1..6,
        ),
    ) {
        let world = world(takes, erased, dice);
        for (kinds, turns) in &rounds {
            run(&world, kinds, turns);
        }
        // Whatever was on its way arrives in the end; after that the sweeper has its way with a merchant that answers.
        {
            let mut world = world.borrow_mut();
            while let Some(late) = world.on_their_way.pop() {
                world.arrive(late);
            }
            let (order, has) = (&world.order, world.has);
            prop_assert!(order.status != Status::Failed || !has, "refunded, and the merchant has it");
            prop_assert!(order.fulfilment.confirmation.is_none() || has, "confirmed by nobody");
            world.dice.clear();
        }
        prop_assert_eq!(alone(work(&world, 3)), Ok(Pursued::Decided));
        let world = world.into_inner();
        prop_assert_eq!(world.order.next(), Next::Nothing);
        prop_assert_eq!(world.order.fulfilment.confirmation.is_some(), world.has);
        prop_assert_eq!(world.order.status == Status::Failed, !world.has);
        prop_assert_eq!(world.events.len(), 1);
    }
}
