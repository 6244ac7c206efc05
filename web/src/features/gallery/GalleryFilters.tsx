import type { DownloadStatus, GalleryScope } from "@mediary/media/gallery/list";
import {
  changeFilter,
  type GalleryState,
  isFiltered,
  NO_FILTER,
  useGallery,
} from "@mediary/media/gallery/store";
import { Button, IconButton } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { clsx } from "clsx";
import { Search, X } from "lucide-react";
import { useRef } from "react";
import type { FileType } from "@/api/types";
import { useSettled } from "@/lib/useSettled";
import { texts } from "@/texts";

const TYPES: readonly FileType[] = ["image", "video", "audio", "document", "sticker"];
const STATUSES: readonly DownloadStatus[] = ["completed", "pending", "downloading", "failed"];

const field = "h-9 rounded-lg border border-line bg-surface px-2.5 text-text pointer-coarse:h-11";

type FiltersProps = {
  scope: GalleryScope;
  /** Whose files they are, where it is one person's conversation. */
  name?: string | undefined;
};

/** Which files: of what kind, from whom, when, and whether they are here. */
export function GalleryFilters({ scope, name }: FiltersProps) {
  const filter = useGallery(scope, (state) => state.filter);
  const set = (fields: Partial<GalleryState["filter"]>) => changeFilter(scope, fields);
  const g = texts.gallery;
  return (
    <div className="grid grid-cols-2 gap-2 md:flex md:flex-wrap md:items-center">
      {/* biome-ignore lint/a11y/useSemanticElements: buttons of a bar are no form */}
      <div
        role="group"
        aria-label={g.types.label}
        className="col-span-2 flex gap-1 overflow-x-auto p-0.5 -m-0.5"
      >
        {TYPES.map((type) => (
          <TypeButton key={type} scope={scope} type={type} />
        ))}
      </div>
      <select
        aria-label={g.direction.label}
        value={filter.direction}
        onChange={({ target }) => set({ direction: target.value as typeof filter.direction })}
        className={field}
      >
        <option value="">{g.direction.any}</option>
        <option value="inbound">{name === undefined ? g.direction.inbound : g.directionOne(name)}</option>
        <option value="outbound">{g.direction.outbound}</option>
      </select>
      {scope === "company" && <SenderField scope={scope} />}
      <select
        aria-label={g.status.label}
        value={filter.status}
        onChange={({ target }) => set({ status: target.value as typeof filter.status })}
        className={field}
      >
        <option value="">{g.status.any}</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {g.status[status]}
          </option>
        ))}
      </select>
      <span className="col-span-2 flex items-center gap-1.5">
        <DayField
          label={g.fromDay}
          value={filter.fromDay}
          max={filter.toDay}
          onChange={(fromDay) => set({ fromDay })}
        />
        <span aria-hidden="true" className="text-muted">
          –
        </span>
        <DayField
          label={g.toDay}
          value={filter.toDay}
          min={filter.fromDay}
          onChange={(toDay) => set({ toDay })}
        />
      </span>
      {isFiltered(filter) && (
        <Button variant="plain" onClick={() => set(NO_FILTER)}>
          {g.clearFilters}
        </Button>
      )}
    </div>
  );
}

function TypeButton({ scope, type }: { scope: GalleryScope; type: FileType }) {
  const types = useGallery(scope, ({ filter }) => filter.types);
  const pressed = types.includes(type);
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={() =>
        changeFilter(scope, { types: pressed ? types.filter((one) => one !== type) : [...types, type] })
      }
      className={clsx(
        "min-h-9 shrink-0 rounded-full border px-3 pointer-coarse:min-h-11",
        pressed
          ? "border-transparent bg-selected font-medium text-accent-strong"
          : "border-line bg-surface text-muted hover:bg-hover hover:text-text",
      )}
    >
      {texts.gallery.types[type]}
    </button>
  );
}

type DayFieldProps = {
  label: string;
  value: string;
  min?: string;
  max?: string;
  onChange: (day: string) => void;
};

function DayField({ label, value, onChange, ...bounds }: DayFieldProps) {
  const [typed, type] = useSettled(value, onChange);
  return (
    <input
      type="date"
      aria-label={label}
      title={label}
      value={typed}
      {...bounds}
      onChange={({ target }) => type(target.value)}
      className={clsx(field, "min-w-34 flex-1", typed === "" && "text-muted")}
    />
  );
}

function SenderField({ scope }: { scope: GalleryScope }) {
  const sender = useGallery(scope, ({ filter }) => filter.sender);
  const [typed, type] = useSettled(sender, (value) => changeFilter(scope, { sender: value }));
  return (
    <input
      type="text"
      inputMode="tel"
      dir="ltr"
      aria-label={texts.gallery.sender}
      placeholder={texts.gallery.sender}
      value={typed}
      onChange={({ target }) => type(target.value)}
      className={clsx(field, "w-full md:w-46 placeholder:text-muted rtl:text-end")}
    />
  );
}

/** Words in names and captions; searched once they stand still. */
export function GallerySearch({ scope, busy }: { scope: GalleryScope; busy: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const words = useGallery(scope, ({ filter }) => filter.words);
  const [typed, type] = useSettled(words, (value) => changeFilter(scope, { words: value }));
  return (
    <search className="relative block min-w-0 flex-1">
      <span className="pointer-events-none absolute inset-y-0 start-3 flex items-center text-muted">
        {busy ? <Spinner className="size-4" /> : <Search aria-hidden="true" className="size-4" />}
      </span>
      <input
        ref={input}
        type="search"
        dir="auto"
        value={typed}
        aria-label={texts.gallery.search}
        placeholder={texts.gallery.search}
        onChange={({ target }) => type(target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || typed === "") return;
          event.preventDefault();
          event.stopPropagation();
          type("");
        }}
        className="h-9 w-full rounded-xl text-ellipsis bg-sunken px-9 placeholder:text-muted pointer-coarse:h-11 [&::-webkit-search-cancel-button]:hidden"
      />
      {typed !== "" && (
        <IconButton
          label={texts.conversations.clearSearch}
          onClick={() => {
            type("");
            input.current?.focus();
          }}
          className="absolute! inset-y-0 end-1 my-auto size-8!"
        >
          <X className="size-4" />
        </IconButton>
      )}
    </search>
  );
}
