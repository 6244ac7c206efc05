import { IconButton } from "@mediary/media/ui/button";
import { clsx } from "clsx";
import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { texts } from "@/texts";

const box =
  "w-full rounded-lg border border-[light-dark(#8a9893,#5d6b67)] bg-surface px-3 aria-invalid:border-danger";

type Labelled = {
  label: string;
  hint?: ReactNode | undefined;
  error?: ReactNode | undefined;
};

type FieldProps = Labelled & Omit<ComponentProps<"input">, "id"> & { name: string };

/** A field with its name above it, and beneath it what to write there, or what is wrong with it. */
export function TextField({ label, hint, error, className, ...input }: FieldProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} error={error} className={className}>
      <input
        id={id}
        {...described(id, hint, error)}
        autoComplete="off"
        className={`${box} h-10`}
        {...input}
      />
    </Labelled>
  );
}

/** A field for what nobody should read over the shoulder. */
export function SecretField({ label, hint, error, className, ...input }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <Labelled id={id} label={label} hint={hint} error={error} className={className}>
      <span className="relative block">
        <input
          id={id}
          {...described(id, hint, error)}
          type={shown ? "text" : "password"}
          autoComplete="new-password"
          spellCheck={false}
          dir="ltr"
          className={`${box} h-10 pe-11 text-start`}
          {...input}
        />
        <IconButton
          label={shown ? texts.field.hide(label) : texts.field.show(label)}
          onClick={() => setShown(!shown)}
          className="absolute! end-0.5 top-0.5 pointer-coarse:size-9"
        >
          {shown ? <EyeOff className="size-4.5" /> : <Eye className="size-4.5" />}
        </IconButton>
      </span>
    </Labelled>
  );
}

type SelectProps = Labelled & Omit<ComponentProps<"select">, "id">;

export function SelectField({ label, hint, error, className, ...select }: SelectProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} error={error} className={className}>
      <select id={id} {...described(id, hint, error)} className={`${box} h-10`} {...select} />
    </Labelled>
  );
}

type ChoiceProps<T extends string> = {
  legend: string;
  name: string;
  value: T;
  options: readonly { value: T; title: string; text?: string; disabled?: boolean }[];
  onChange: (value: T) => void;
  disabled?: boolean;
  className?: string;
};

/** One of a few, each with a sentence that says what it means. */
export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { legend, name, value, options, onChange, disabled = false, className } = props;
  return (
    <fieldset className={className}>
      <legend className="mb-1.5 font-medium">{legend}</legend>
      <div className="overflow-hidden rounded-xl border border-line">
        {options.map((option) => (
          <label
            key={option.value}
            className={clsx(
              "flex gap-3 border-line border-t px-3.5 py-3 first:border-t-0 has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:-outline-offset-2 has-focus-visible:outline-solid",
              option.value === value ? "bg-selected" : "bg-surface",
              disabled || option.disabled ? "opacity-75" : "cursor-pointer hover:bg-hover",
            )}
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              disabled={disabled || option.disabled}
              onChange={() => onChange(option.value)}
              className="mt-0.5 size-4 shrink-0 accent-accent outline-none"
            />
            <span className="min-w-0">
              <span className="block font-medium">{option.title}</span>
              {option.text && <span className="mt-0.5 block text-muted">{option.text}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

type CheckProps = Omit<ComponentProps<"input">, "type"> & { label: string; hint?: string };

export function CheckField({ label, hint, className, ...input }: CheckProps) {
  const id = useId();
  return (
    <span className={clsx("flex items-start gap-3", className)}>
      <input
        id={id}
        type="checkbox"
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="mt-0.5 size-4.5 shrink-0 accent-accent"
        {...input}
      />
      <span>
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint && (
          <span id={`${id}-hint`} className="mt-0.5 block text-muted">
            {hint}
          </span>
        )}
      </span>
    </span>
  );
}

function described(id: string, hint: ReactNode, error: ReactNode) {
  const about = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return {
    "aria-invalid": error === undefined ? undefined : true,
    ...(about === "" ? {} : { "aria-describedby": about }),
  };
}

type LabelledProps = Labelled & { id: string; className?: string | undefined; children: ReactNode };

function Labelled({ id, label, hint, error, className, children }: LabelledProps) {
  return (
    <div className={clsx("flex min-w-0 flex-col gap-1.5", className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children}
      {error && (
        <p id={`${id}-error`} className="text-danger">
          <bdi>{error}</bdi>
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-muted text-xs">
          {hint}
        </p>
      )}
    </div>
  );
}
