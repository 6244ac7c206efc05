//! Workers that make posters and convert videos, too.

use std::time::Duration;

use async_trait::async_trait;
use mediary_core::CompanyId;

use super::{Ffmpeg, command};
use crate::pool::tool::Task;
use crate::pool::{Input, Job, Pool};
use crate::recipe::MAX_CONVERTED_BYTES;
use crate::size::size_within;
use crate::video::ENCRYPTED;
use crate::{Derived, Error, Facts, Recipe, Result, Workers, error};

/// How far into a video its poster is, if it is twice as long; else it is from the middle. Many begin with a black frame.
const POSTER_AT: Duration = Duration::from_secs(1);

/// Longest side of a poster and of a converted video, in pixels.
const POSTER_SIDE: u32 = 1280;

/// A pool, and ffmpeg for what it cannot make by itself.
#[derive(Clone, Debug)]
pub struct PoolWithFfmpeg {
    pool: Pool,
    ffmpeg: Ffmpeg,
}

impl PoolWithFfmpeg {
    pub fn new(pool: Pool, ffmpeg: Ffmpeg) -> Self {
        Self { pool, ffmpeg }
    }

    /// The facts of a video and its poster, as far as it can be made.
    async fn video(&self, job: Job) -> Result<Derived> {
        let (company, input) = (job.company, job.input.clone());
        let mut derived = self.pool.run(job).await?;
        let mut missing = Vec::from_iter(derived.missing.take());
        match error::or_reason(self.poster(company, &input, &derived.facts).await)? {
            Ok(poster) => {
                derived.facts.thumbhash = poster.facts.thumbhash;
                derived.products.extend(poster.products);
            }
            Err(reason) => missing.push(format!("it has no poster: {reason}")),
        }
        derived.missing = (!missing.is_empty()).then(|| missing.join("; "));
        Ok(derived)
    }

    /// What browsers can play, where they cannot play the video, as far as it can be made.
    async fn conversion(&self, job: Job) -> Result<Derived> {
        let (company, input) = (job.company, job.input.clone());
        let mut derived = self.pool.run(Job::new(company, Recipe::Video, job.input)).await?;
        if let Some(codec) = &derived.facts.unplayable {
            let converted = self.converted(company, &input, &derived.facts, MAX_CONVERTED_BYTES).await;
            match error::or_reason(converted)? {
                Ok(converted) => derived.products = converted.products,
                Err(reason) => {
                    derived.missing =
                        Some(format!("it cannot be played here ({codec}), and is not converted: {reason}"));
                }
            }
        }
        Ok(derived)
    }

    /// A video to be sent.
    async fn message(&self, job: Job, max_bytes: u64) -> Result<Derived> {
        let (company, input) = (job.company, job.input.clone());
        let facts = self.pool.run(Job::new(company, Recipe::Video, job.input)).await?.facts;
        self.converted(company, &input, &facts, max_bytes.min(MAX_CONVERTED_BYTES)).await
    }

    /// A video as H.264 and AAC in MP4 with its index in front, of at most so many bytes.
    async fn converted(
        &self,
        company: CompanyId,
        input: &Input,
        facts: &Facts,
        max_bytes: u64,
    ) -> Result<Derived> {
        let size = poster_size(facts)?;
        let duration = Duration::from_millis(facts.duration_ms.unwrap_or_default());
        let bit_rate = command::bit_rate(duration, max_bytes).ok_or_else(|| too_long(duration, max_bytes))?;
        let task =
            Task { program: self.ffmpeg.program.clone(), arguments: command::conversion(size, bit_rate) };
        let done =
            self.pool.run_tool(Some(company), task, input, &command::conversion_needs(max_bytes)).await?;
        if !done.status.success() || done.output.bytes() == 0 {
            return Err(Error::broken("ffmpeg cannot read its pictures or its sound"));
        }
        self.pool.run(Job::new(company, Recipe::Converted, done.output)).await
    }

    async fn poster(&self, company: CompanyId, input: &Input, facts: &Facts) -> Result<Derived> {
        let size = poster_size(facts)?;
        let in_the_middle = facts.duration_ms.map_or(Duration::ZERO, |all| Duration::from_millis(all / 2));
        for at in [POSTER_AT.min(in_the_middle), Duration::ZERO] {
            if let Some(frame) = self.frame(company, input, at, size).await? {
                return self.pool.run(Job::new(company, Recipe::Poster, frame)).await;
            }
        }
        Err(Error::broken("ffmpeg cannot read its pictures"))
    }

    /// The frame at a time in a video, in this size, as BMP. `None` where the video is not as long, or cannot be decoded.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Worker`]: ffmpeg could not be started. [`crate::ErrorKind::OutOfTime`] or
    /// [`crate::ErrorKind::Broken`]: it had to be ended.
    pub async fn frame(
        &self,
        company: CompanyId,
        input: &Input,
        at: Duration,
        size: (u32, u32),
    ) -> Result<Option<Input>> {
        let task = Task { program: self.ffmpeg.program.clone(), arguments: command::frame(at, size) };
        let done = self.pool.run_tool(Some(company), task, input, &command::FRAME_NEEDS).await?;
        Ok((done.status.success() && done.output.bytes() > 0).then_some(done.output))
    }
}

fn too_long(duration: Duration, max_bytes: u64) -> Error {
    let (seconds, most) = (duration.as_secs(), command::MAX_CONVERTED.as_secs());
    Error::too_large(if duration > command::MAX_CONVERTED {
        format!("the video lasts {seconds} seconds; at most {most} are converted")
    } else {
        format!("the video lasts {seconds} seconds, which is too long for {max_bytes} bytes")
    })
}

/// The size of a video's poster: that of the video as it is shown, never larger.
///
/// # Errors
/// There are no pictures, or none that can be read.
fn poster_size(facts: &Facts) -> Result<(u32, u32)> {
    if facts.unplayable.as_deref() == Some(ENCRYPTED) {
        return Err(Error::unsupported("the video is encrypted"));
    }
    match (facts.width, facts.height) {
        (Some(width @ 1..), Some(height @ 1..)) => Ok(size_within(width, height, POSTER_SIDE)),
        _ => Err(Error::unsupported("the video has no pictures")),
    }
}

#[async_trait]
impl Workers for PoolWithFfmpeg {
    async fn run(&self, job: Job) -> Result<Derived> {
        match job.recipe {
            Recipe::Video => self.video(job).await,
            Recipe::Conversion => self.conversion(job).await,
            Recipe::VideoMessage { max_bytes } => self.message(job, max_bytes).await,
            _ => self.pool.run(job).await,
        }
    }

    fn at_once(&self) -> usize {
        self.pool.max_workers()
    }

    fn has_ffmpeg(&self) -> bool {
        true
    }
}
