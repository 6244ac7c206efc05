import { formatDuration } from "@mediary/media/lib/format";
import { IconButton } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { Square, Trash2 } from "lucide-react";
import { focusLeft } from "@/features/composer/focus";
import { LEVELS, type Recorder, type RecorderState } from "@/features/composer/recorder";
import { texts } from "@/texts";

type Running = Extract<RecorderState, { kind: "asking" | "recording" }>;

/** While a voice note is recorded: how loud it is, how long, and the ways out. */
export function RecordingBar({ state, recorder }: { state: Running; recorder: Recorder }) {
  const recording = state.kind === "recording";
  return (
    // biome-ignore lint/a11y/useSemanticElements: no set of fields
    <div
      ref={focusLeft}
      role="group"
      aria-label={texts.voice.recording}
      className="flex h-10 items-center gap-2 pointer-coarse:h-11"
    >
      <IconButton label={texts.voice.cancel} onClick={() => recorder.cancel()} className="size-10">
        <Trash2 className="size-5" />
      </IconButton>
      <span className="flex min-w-0 flex-1 items-center gap-3 rounded-xl bg-sunken px-3.5 py-2">
        {recording ? (
          <>
            <span aria-hidden="true" className="size-2.5 shrink-0 animate-pulse rounded-full bg-danger" />
            <span role="timer" className="shrink-0 tabular-nums">
              {formatDuration(state.elapsedMs / 1000)}
            </span>
            <Levels levels={state.levels} />
          </>
        ) : (
          <span role="status" className="flex items-center gap-2 text-muted">
            <Spinner className="size-4" />
            {texts.voice.asking}
          </span>
        )}
      </span>
      <button
        type="button"
        // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that had the focus
        autoFocus
        aria-label={texts.voice.stop}
        title={texts.voice.stop}
        aria-disabled={!recording}
        onClick={() => recording && recorder.stop()}
        className="inline-flex size-10 shrink-0 items-center justify-center rounded-full bg-danger text-surface aria-disabled:opacity-50 pointer-coarse:size-11"
      >
        <Square aria-hidden="true" className="size-4 fill-current" />
      </button>
    </div>
  );
}

/** Silence is a dot. */
const LEAST = 0.08;

/** The loudness of the last seconds. Time runs left to right in every script. */
function Levels({ levels }: { levels: readonly number[] }) {
  const first = LEVELS - levels.length;
  const path = levels
    .map((level, at) => {
      const half = Math.max(LEAST, level) * 0.45;
      return `M${first + at + 0.5} ${(0.5 - half).toFixed(3)}V${(0.5 + half).toFixed(3)}`;
    })
    .join("");
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${LEVELS} 1`}
      preserveAspectRatio="none"
      className="h-6 min-w-0 flex-1 text-accent"
    >
      <path
        d={path}
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
