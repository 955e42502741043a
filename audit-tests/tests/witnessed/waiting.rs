//! What happens to a delivery while it waits for its witnesses: only an explicit yes afterwards lets it out (I5, I6).

use std::sync::Arc;
use std::time::Duration;

use audit_tests::town::{ORIGIN, RunningClock, SystemEntropy, Town, half_hour};
use broker_domain::consent::Refusal;
use broker_domain::ids::TransferId;
use broker_domain::policy::Principal;
use broker_domain::time::{Clock, Interval, Step};
use broker_service::{Broker, Delivered, DeliveryRefusal, Demand, Failure, Fault, Order};
use broker_store::ApplicationRow;
use test_support::{Policies, Vouchers};

struct Waiting {
    town: Town,
    broker: Arc<Broker>,
    vouchers: Arc<Vouchers>,
    policies: Arc<Policies>,
    application: ApplicationRow,
}

type Outcome = Result<Delivered, Failure<DeliveryRefusal>>;

impl Waiting {
    /// A broker that two witnesses vouch for, and a household with readings.
    async fn set(town: Town) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(RunningClock::starting(RunningClock::system()));
        let vouchers = Vouchers::of(town.log_key(), Arc::clone(&clock));
        let mut parts = vouchers.required();
        parts.demand = Demand::Required {
            wait: Duration::from_secs(20),
        };
        let policies = Arc::new(Policies::embedded());
        let policy = Arc::clone(&policies) as Arc<dyn broker_domain::policy::PolicyEngine>;
        let broker = test_support::start_before(&town.data(), ORIGIN, clock, policy, Some(parts)).await;
        let at = half_hour(5).as_micros();
        let envelope = town.residents[0].gateway.envelope(&[("east", at, 4_711_042)]);
        broker.intake(&envelope).await.unwrap();
        let application = broker
            .read()
            .await
            .unwrap()
            .applications()
            .await
            .unwrap()
            .remove(0);
        Self {
            town,
            broker,
            vouchers,
            policies,
            application,
        }
    }

    fn order(&self) -> Order {
        Order {
            transfer: TransferId::random(&SystemEntropy).unwrap(),
            authorisation: self.town.residents[0].consent.unwrap(),
            interval: Interval::new(half_hour(6), half_hour(4)).unwrap(),
            step: Step::HALF_HOUR,
        }
    }

    /// Orders; once the delivery is recorded and waits for the witnesses, something happens; then they answer.
    async fn while_it_waits(&self, order: Order, happens: impl AsyncFnOnce()) -> Outcome {
        self.vouchers.hold();
        let before = self.broker.latest_checkpoint().size();
        let (broker, application) = (Arc::clone(&self.broker), self.application.clone());
        let delivery = tokio::spawn(async move { broker.deliver(&application, order).await });
        while self.broker.latest_checkpoint().size() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
            assert!(!delivery.is_finished(), "nothing was recorded");
        }
        happens().await;
        assert!(!delivery.is_finished(), "it did not wait");
        self.vouchers.let_go();
        delivery.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_allowed_after_waiting_is_delivered() {
    let waiting = Waiting::set(tokio::task::spawn_blocking(|| Town::found(1)).await.unwrap()).await;
    let order = waiting.order();
    let delivered = waiting.while_it_waits(order, async || ()).await.unwrap();
    let again = waiting.broker.deliver(&waiting.application, order).await.unwrap();
    assert_eq!(delivered.payload, again.payload);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_while_a_delivery_waits_keeps_it_in() {
    let waiting = Waiting::set(tokio::task::spawn_blocking(|| Town::found(1)).await.unwrap()).await;
    let resident = &waiting.town.residents[0];
    let withdraws = async || {
        // It does not wait for any witness.
        let withdrawn = waiting
            .broker
            .withdraw(resident.participant, resident.consent.unwrap());
        withdrawn.await.unwrap();
    };
    let order = waiting.order();
    let outcome = waiting.while_it_waits(order, withdraws).await;
    let Err(Failure::Refused(DeliveryRefusal::NotCovered { refusal, leaf_index })) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(matches!(refusal, Refusal::Withdrawn { .. }), "{refusal:?}");
    // That it did not leave stands in her list, behind the record that it was to leave.
    assert!(leaf_index + 1 < waiting.broker.latest_checkpoint().size().get());
    // The same order again finds its record, and still nothing leaves.
    let again = waiting.broker.deliver(&waiting.application, order).await;
    assert!(
        matches!(again, Err(Failure::Refused(DeliveryRefusal::NotCovered { .. }))),
        "{again:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_changed_while_a_delivery_waits_keep_it_in() {
    let waiting = Waiting::set(tokio::task::spawn_blocking(|| Town::found(1)).await.unwrap()).await;
    let forbids = async || waiting.policies.forbid_everything();
    let outcome = waiting.while_it_waits(waiting.order(), forbids).await;
    assert!(
        matches!(outcome, Err(Failure::Refused(DeliveryRefusal::NotAllowed { .. }))),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_while_a_delivery_waits_keeps_it_in() {
    let waiting = Waiting::set(tokio::task::spawn_blocking(|| Town::found(1)).await.unwrap()).await;
    let person = waiting.town.residents[0].participant;
    let erases = async || {
        let erased = waiting.broker.erase(Principal::Participant(person), person);
        erased.await.unwrap();
    };
    let outcome = waiting.while_it_waits(waiting.order(), erases).await;
    assert!(
        matches!(outcome, Err(Failure::Fault(Fault::SubjectErased))),
        "{outcome:?}"
    );
}
