//! Workers and their jobs, seen from the program that wants something made.
//!
//! [`Pool::run`] waits for room, takes an idle worker or starts one, hands it the job, and believes the answer as far as it can be
//! checked. A worker reads the files of one company only. It is ended when another company's turn comes, after a number of jobs,
//! when it was idle for a while, and after anything that went wrong.
//!
//! Bounds: so many workers, so much memory for all of them together; a job says what it may take ([`Needs`]) and waits until there
//! is room for that: companies take turns, so that none of them waits for all jobs of another. A job that takes minutes holds up none
//! that takes seconds ([`Needs::are_long`]): there is one of them at a time, it begins while no other job waits, or in a turn among
//! those that do after it waited long ([`Settings::long_patience`]), and leaves room. Room is free again once the kernel has buried the
//! process, not before.

mod counters;
mod input;
mod process;
mod room;
pub(crate) mod tool;
mod turns;
mod worker;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use mediary_core::CompanyId;
use tokio::time::{self, Instant, MissedTickBehavior};

use crate::jail::{Level, Requirement};
use crate::recipe::{Needs, Recipe, SHORT_MEMORY_BYTES};
use crate::{Derived, Error, ErrorKind, Result};
use counters::Meters;
use process::Starter;
use room::{Place, Room};
use tool::{Done, Task};
use turns::{Turn, Turns};
use worker::Worker;

pub use counters::Counters;
pub use input::Input;

/// What a pool is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program that is a worker when it has these arguments: it calls [`crate::worker::main`].
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// All of the worker's environment: what the program's allocator has to be told, so that it takes no memory in advance.
    pub environment: Vec<(OsString, OsString)>,
    pub requirement: Requirement,
    /// Workers at once.
    pub max_workers: usize,
    /// Memory of all workers together, their products included.
    pub max_memory_bytes: u64,
    /// Jobs of one worker.
    pub max_jobs: u32,
    /// How long a worker waits for another job.
    pub max_idle: Duration,
    /// How long a job that takes minutes lets all others go first.
    pub long_patience: Duration,
}

impl Settings {
    /// A pool of the usual size, for a program that is a worker when it has these arguments.
    pub fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            program,
            arguments,
            environment: Vec::new(),
            requirement: Requirement::default(),
            max_workers: processors,
            max_memory_bytes: 1024 * 1024 * 1024,
            max_jobs: 64,
            max_idle: Duration::from_secs(30),
            long_patience: Duration::from_secs(60),
        }
    }
}

/// Something to be made of a file.
#[derive(Debug)]
pub struct Job {
    /// Whose file it is.
    pub company: CompanyId,
    pub recipe: Recipe,
    pub input: Input,
    pub needs: Needs,
}

impl Job {
    pub fn new(company: CompanyId, recipe: Recipe, input: Input) -> Self {
        let needs = recipe.needs(input.bytes());
        Self { company, recipe, input, needs }
    }
}

/// Workers, started when they are needed. Clones are the same pool.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    starter: Starter,
    room: Arc<Room>,
    meters: Arc<Meters>,
    /// The one that waits longest comes first.
    idle: Mutex<VecDeque<Idle>>,
    /// Jobs look for room one after the other, so that a large one is not overtaken for ever.
    turns: Arc<Turns>,
    /// Those that take minutes: one after the other is made.
    long_turns: Arc<Turns>,
}

#[derive(Debug)]
struct Idle {
    worker: Worker,
    company: CompanyId,
    since: Instant,
}

impl Pool {
    /// A pool without workers. To be called within a runtime, which ends the idle ones.
    ///
    /// # Errors
    /// [`ErrorKind::Worker`]: no thread can be started.
    pub fn new(settings: Settings) -> Result<Self> {
        let room = Arc::new(Room::new(settings.max_workers, settings.max_memory_bytes));
        let starter = Starter::new(&settings)
            .map_err(|error| Error::new(ErrorKind::Worker, format!("workers cannot be started: {error}")))?;
        let shared = Arc::new(Shared {
            settings,
            starter,
            room,
            meters: Arc::default(),
            idle: Mutex::default(),
            turns: Arc::default(),
            long_turns: Arc::default(),
        });
        tokio::spawn(end_idle_workers(Arc::downgrade(&shared)));
        Ok(Self { shared })
    }

    /// How far workers are locked up here: one is started to see.
    ///
    /// # Errors
    /// [`ErrorKind::Worker`]: none can be started, or it cannot be locked up as required.
    pub async fn level(&self) -> Result<Level> {
        let needs = Recipe::Audio.needs(0);
        let place = self.shared.place(None, &needs).await?;
        Ok(self.shared.worker(place, &needs).await?.level())
    }

    /// Makes it. Dropping the future ends the worker.
    ///
    /// # Errors
    /// What the worker says of the file; or [`ErrorKind::Worker`], if it died, and [`ErrorKind::OutOfTime`], if it had to be ended. Both end
    /// nothing but this job.
    pub async fn run(&self, job: Job) -> Result<Derived> {
        let shared = &self.shared;
        let result = shared.run(job).await;
        shared.meters.finished(&result);
        result
    }

    /// Runs an external program for a company, or for the program itself, under limits of its own. Dropping the future ends it.
    pub(crate) async fn run_tool(
        &self,
        company: Option<CompanyId>,
        task: Task,
        input: &Input,
        needs: &Needs,
    ) -> Result<Done> {
        let shared = &self.shared;
        let Found::Room(place) = shared.place(company, &Needs { alone: true, ..*needs }).await? else {
            return Err(Error::new(ErrorKind::Worker, "an external program has no room of its own"));
        };
        tool::run(&shared.starter, place, shared.settings.requirement, needs, task, input).await
    }

    /// Workers at once.
    pub fn max_workers(&self) -> usize {
        self.shared.settings.max_workers
    }

    pub fn counters(&self) -> Counters {
        let Shared { meters, room, turns, long_turns, .. } = &*self.shared;
        meters.read(room, self.shared.idle().len(), turns.waiting() + long_turns.waiting())
    }
}

impl Shared {
    async fn run(&self, job: Job) -> Result<Derived> {
        let Job { company, recipe, input, needs } = job;
        let place = self.place(Some(company), &needs).await?;
        let worker = self.worker(place, &needs).await?;
        let (worker, derived) = worker.run(recipe, &input).await?;
        if !needs.alone && !needs.are_long() && worker.jobs() < self.settings.max_jobs {
            self.idle().push_back(Idle { worker, company, since: Instant::now() });
            self.room.notify();
        }
        Ok(derived)
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker of the company, or room for a new one.
    async fn place(&self, company: Option<CompanyId>, needs: &Needs) -> Result<Found> {
        let memory_bytes = needs.memory_bytes.saturating_add(needs.output_bytes);
        let max_memory_bytes = self.settings.max_memory_bytes;
        if memory_bytes > max_memory_bytes {
            return Err(Error::too_large(format!(
                "it may take {memory_bytes} bytes of memory, and {max_memory_bytes} are allowed for all workers"
            )));
        }
        if needs.are_long() {
            return self.place_for_long(company, memory_bytes).await.map(Found::Room);
        }
        // Dropped after the turn: then a long job may have waited for it.
        let _changes = Changes(&self.room);
        let _turn = self.turns.take(company).await?;
        loop {
            // Registered before anything is looked at, so that no change is missed.
            let changed = self.room.changed();
            let fits =
                |idle: &Idle| !needs.alone && Some(idle.company) == company && idle.worker.needs() == needs;
            let evicted = {
                let mut idle = self.idle();
                if let Some(index) = idle.iter().position(fits)
                    && let Some(found) = idle.remove(index)
                {
                    if found.worker.is_well() {
                        return Ok(Found::Idle(found.worker));
                    }
                    continue;
                }
                if let Some(place) = self.room.take(memory_bytes) {
                    return Ok(Found::Room(place));
                }
                // What ends already makes room soon, and may be enough.
                if self.room.is_about_to_grow() { None } else { idle.pop_front() }
            };
            // What was evicted is buried by another thread, which says so.
            drop(evicted);
            changed.await;
        }
    }

    /// Room for a job that takes minutes: for one at a time, companies in turn, while no short job waits for room. That nobody waits for
    /// it is a matter of what it leaves (`room`). Where short jobs never end, it looks for room in a turn of its company's, as they do.
    async fn place_for_long(&self, company: Option<CompanyId>, memory_bytes: u64) -> Result<Place> {
        let allowed = self.settings.max_memory_bytes.saturating_sub(SHORT_MEMORY_BYTES);
        if memory_bytes > allowed {
            return Err(Error::too_large(format!(
                "it may take {memory_bytes} bytes of memory for minutes, and {allowed} are allowed for that"
            )));
        }
        let mut turn = Some(self.long_turns.take(company).await?);
        let while_free = self.room_for_long(memory_bytes, &mut turn, || self.turns.is_free());
        if let Ok(place) = time::timeout(self.settings.long_patience, while_free).await {
            return Ok(place);
        }
        let _changes = Changes(&self.room);
        let _turn = self.turns.take(company).await?;
        Ok(self.room_for_long(memory_bytes, &mut turn, || true).await)
    }

    async fn room_for_long(
        &self,
        memory_bytes: u64,
        turn: &mut Option<Turn>,
        may_take: impl Fn() -> bool,
    ) -> Place {
        loop {
            let changed = self.room.changed();
            let evicted = {
                let mut idle = self.idle();
                if !may_take() {
                    None
                } else if let Some(place) = self.room.take_for_long(memory_bytes, turn) {
                    return place;
                } else if self.room.is_about_to_grow() {
                    None
                } else {
                    idle.pop_front()
                }
            };
            drop(evicted);
            changed.await;
        }
    }

    async fn worker(&self, found: Found, needs: &Needs) -> Result<Worker> {
        match found {
            Found::Idle(worker) => Ok(worker),
            Found::Room(place) => {
                let jobs = if needs.alone { 1 } else { self.settings.max_jobs };
                let worker =
                    Worker::start(&self.starter, place, self.settings.requirement, needs, jobs).await?;
                self.meters.started();
                Ok(worker)
            }
        }
    }
}

/// Says on its way out that something changed.
struct Changes<'a>(&'a Room);

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        self.0.notify();
    }
}

#[derive(Debug)]
enum Found {
    Idle(Worker),
    Room(Place),
}

/// How often idle workers are looked for.
const IDLE_CHECK: Duration = Duration::from_secs(1);

async fn end_idle_workers(shared: Weak<Shared>) {
    let mut ticks = time::interval(IDLE_CHECK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        let mut idle = shared.idle();
        while idle.front().is_some_and(|idle| idle.since.elapsed() >= shared.settings.max_idle) {
            idle.pop_front();
        }
    }
}
