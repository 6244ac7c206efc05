import { plainName } from "@mediary/media/lib/bidi";
import { useModal } from "@mediary/media/ui/useModal";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { MessageSquare, Search } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { conversationsQuery } from "@/api/queries";
import { reaches, useRole } from "@/api/roles";
import { contactName, contactPhone } from "@/features/message/contact";
import { type Command, matching } from "@/features/palette/commands";
import { SECTIONS } from "@/features/settings/sections";
import { useSearchText } from "@/lib/useSearchText";
import { texts } from "@/texts";
import { settings } from "@/texts/settings";

/** Conversations that are offered at once. */
const CONVERSATIONS_MAX = 8;

type PaletteProps = {
  /** What can be done beside going somewhere. */
  commands: readonly Command[];
  onClose: () => void;
};

/** Everything that can be reached, by its name: conversations, pages and commands. */
export function Palette({ commands, onClose }: PaletteProps) {
  const id = useId();
  const { typed, search, type } = useSearchText();
  const [at, setAt] = useState(0);
  const conversations = useConversations(search);
  const pages = usePages();
  // Those of a search before, too, are held against what is typed by now.
  const items = matching([...conversations, ...pages, ...commands], typed);
  const active = Math.min(at, items.length - 1);
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (event.key === "Enter") run(items[active]);
    else if (step) setAt(step(active, items.length));
    else return;
    event.preventDefault();
  };
  const option = (index: number) => `${id}-${index}`;
  return (
    <dialog
      {...useModal(onClose)}
      tabIndex={-1}
      aria-label={texts.palette.title}
      className="mx-auto mt-[12vh] w-[min(36rem,calc(100vw-2rem))] overflow-hidden rounded-2xl border border-line bg-raised p-0 text-text outline-none shadow-float backdrop:bg-black/40"
    >
      <label className="relative block border-line border-b">
        <Search aria-hidden="true" className="absolute inset-y-0 start-4 my-auto size-4.5 text-muted" />
        <input
          role="combobox"
          data-first-focus
          dir="auto"
          value={typed}
          autoComplete="off"
          spellCheck={false}
          aria-label={texts.palette.field}
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls={id}
          aria-activedescendant={items.length > 0 ? option(active) : undefined}
          placeholder={texts.palette.field}
          onChange={(event) => {
            type(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-13 w-full bg-transparent px-12 text-base text-ellipsis outline-none placeholder:text-muted"
        />
      </label>
      <div
        id={id}
        role="listbox"
        aria-label={texts.palette.title}
        className="max-h-[50vh] overflow-y-auto p-1.5"
      >
        {items.map((command, index) => (
          <Option
            key={command.id}
            id={option(index)}
            command={command}
            active={index === active}
            onPick={() => run(command)}
            onPoint={() => setAt(index)}
          />
        ))}
      </div>
      {items.length === 0 && (
        <p role="status" className="px-4 pb-4 text-muted">
          {texts.conversations.nothingFound(typed)}
        </p>
      )}
    </dialog>
  );
}

const steps: Record<string, (at: number, length: number) => number> = {
  ArrowDown: (at, length) => (at + 1) % Math.max(1, length),
  ArrowUp: (at, length) => (at - 1 + length) % Math.max(1, length),
};

type OptionProps = {
  id: string;
  command: Command;
  active: boolean;
  onPick: () => void;
  onPoint: () => void;
};

function Option({ id, command, active, onPick, onPoint }: OptionProps) {
  const { icon: Icon, title, detail, group } = command;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which has the focus
    <div
      ref={active ? intoView : undefined}
      id={id}
      role="option"
      aria-selected={active}
      tabIndex={-1}
      onClick={onPick}
      onPointerMove={active ? undefined : onPoint}
      className={clsx(
        "flex min-h-11 cursor-pointer items-center gap-3 rounded-lg px-3",
        active && "bg-selected",
      )}
    >
      <Icon aria-hidden="true" className="size-4.5 shrink-0 text-muted" />
      <span className="min-w-0 flex-1 truncate">
        <bdi>{title}</bdi>
        {detail && (
          <bdi dir="ltr" className="mx-2 text-muted tabular-nums">
            {detail}
          </bdi>
        )}
      </span>
      <span className="shrink-0 text-muted text-xs">{group}</span>
    </div>
  );
}

function intoView(option: HTMLElement | null): void {
  option?.scrollIntoView({ block: "nearest" });
}

function useConversations(search: string): Command[] {
  const navigate = useNavigate();
  const { data } = useInfiniteQuery({ ...conversationsQuery(search), placeholderData: keepPreviousData });
  const found = data?.pages[0]?.items.slice(0, CONVERSATIONS_MAX) ?? [];
  return found.map(({ id, contact }) => {
    const name = plainName(contactName(contact));
    const phone = contactPhone(contact);
    return {
      id: `conversation ${id}`,
      title: name,
      detail: phone !== null && phone !== name ? plainName(phone) : undefined,
      group: texts.palette.conversation,
      icon: MessageSquare,
      run: () => void navigate({ to: "/c/$conversationId", params: { conversationId: id } }),
    };
  });
}

/** The pages of the settings that are for the person's role. */
function usePages(): Command[] {
  const navigate = useNavigate();
  const role = useRole();
  const items = SECTIONS.flatMap((section) => section.items).filter((item) => reaches(role, item.role));
  return items.map(({ to, label, icon }) => ({
    id: to,
    title: label,
    group: settings.title,
    icon,
    run: () => void navigate({ to }),
  }));
}
