import { clsx } from "clsx";
import type { ComponentProps, MouseEvent } from "react";

type ButtonProps = ComponentProps<"button"> & { variant?: "primary" | "soft" | "plain" | "danger" };

const variants = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  soft: "border border-line bg-raised text-text hover:bg-hover",
  plain: "text-accent hover:bg-hover",
  danger: "bg-danger text-on-danger hover:opacity-90",
};

/**
 * What is disabled stays in reach: an element that the browser disables loses the focus, and a keyboard user their place.
 */
function unlessDisabled({ disabled, onClick }: ComponentProps<"button">) {
  return {
    "aria-disabled": disabled || undefined,
    onClick: disabled ? (event: MouseEvent) => event.preventDefault() : onClick,
  };
}

export function Button({ variant = "primary", className, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={clsx(
        "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg px-3.5 font-medium transition-colors",
        "aria-disabled:cursor-default aria-disabled:opacity-60",
        variants[variant],
        className,
      )}
      {...rest}
      {...unlessDisabled({ disabled, onClick: rest.onClick })}
    />
  );
}

type IconButtonProps = ComponentProps<"button"> & { label: string };

/** A button that shows only an icon; its label is what a screen reader says and what hovering shows. */
export function IconButton({ label, className, disabled, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(iconButton, className)}
      {...rest}
      {...(disabled === undefined ? {} : unlessDisabled({ disabled, onClick: rest.onClick }))}
    />
  );
}

/** The same appearance for a link. */
export const iconButton =
  "inline-flex size-9 shrink-0 items-center justify-center rounded-lg text-muted transition-colors hover:bg-hover hover:text-text aria-disabled:opacity-40 pointer-coarse:size-11";

/** The appearance of a main button, for a link. */
export const linkButton = clsx(
  "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg px-3.5 font-medium transition-colors",
  variants.primary,
);
