import { clsx } from "clsx";
import type { ComponentProps } from "react";

type ButtonProps = ComponentProps<"button"> & { variant?: "primary" | "soft" | "plain" };

const variants = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  soft: "border border-line bg-raised text-text hover:bg-hover",
  plain: "text-accent hover:bg-hover",
};

export function Button({ variant = "primary", className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={clsx(
        "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg px-3.5 font-medium transition-colors",
        "disabled:opacity-60",
        variants[variant],
        className,
      )}
      {...rest}
    />
  );
}

type IconButtonProps = ComponentProps<"button"> & { label: string };

/** A button that shows only an icon; its label is what a screen reader says and what hovering shows. */
export function IconButton({ label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(iconButton, className)}
      {...rest}
    />
  );
}

/** The same appearance for a link. */
export const iconButton =
  "inline-flex size-9 shrink-0 items-center justify-center rounded-lg text-muted transition-colors hover:bg-hover hover:text-text disabled:opacity-40 pointer-coarse:size-11";
