//! Sound and video: files made here by code, ordinary and nasty, each with what has to come of it.

mod audio;
mod audio_corpus;
mod ffmpeg;
mod mp4;
mod sound;
mod source;
mod video;
mod video_corpus;
