/** What a search says while it has nothing to list. */
export function SearchHint(props: { title: string; detail: string; nothing?: boolean }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-1.5 overflow-y-auto p-8 text-center">
      <Lens nothing={props.nothing === true} />
      <p className="wrap-anywhere mt-2 max-w-full text-balance font-semibold">{props.title}</p>
      <p className="max-w-96 text-balance text-muted">{props.detail}</p>
    </div>
  );
}

/** A lens over a few lines of a talk; where nothing was found they are empty. */
function Lens({ nothing }: { nothing: boolean }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 180 110" className="w-44 max-w-full text-accent">
      <g className="fill-sunken stroke-line" strokeWidth="2">
        <rect x="14" y="14" width="86" height="26" rx="13" />
        <rect x="58" y="50" width="100" height="26" rx="13" />
        <rect x="26" y="84" width="62" height="20" rx="10" />
      </g>
      <g className="stroke-muted" fill="none" strokeLinecap="round" strokeWidth="3" opacity=".45">
        <path d="M28 27h36M70 63h20M38 94h26" strokeDasharray={nothing ? "1 8" : undefined} />
      </g>
      <circle cx="114" cy="52" r="27" className="fill-raised" opacity=".75" />
      <g fill="none" stroke="currentColor" strokeLinecap="round">
        <circle cx="114" cy="52" r="27" strokeWidth="5" />
        <path d="m134 73 18 19" strokeWidth="8" />
        {nothing ? (
          <path d="m106 44 16 16m0-16-16 16" strokeWidth="4" opacity=".7" />
        ) : (
          <path d="M102 47h24M102 58h15" strokeWidth="4" opacity=".7" />
        )}
      </g>
    </svg>
  );
}
