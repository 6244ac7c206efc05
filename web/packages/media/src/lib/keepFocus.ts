import { focusedElement } from "./focusedElement";

const CONTROLS = "a[href], button, input, [tabindex='0']";
/** Within the part that keeps the focus: what may have it, but never gets it by itself. */
const ASIDE = "[data-focus-aside]";

/**
 * The ref of a part of the page whose inside is replaced now and then, as a tile by its file: with the element that had the focus a
 * keyboard user would be back at the top of the page. The focus goes to the first control of what is there instead; where there is none
 * it waits on the part itself (which needs `tabIndex={-1}`), and goes on as soon as there is one.
 */
export function keepFocus(part: HTMLElement | null): (() => void) | undefined {
  if (part === null) return undefined;
  let inside = part.contains(focusedElement());
  let waits = false;
  const onFocusIn = (event: FocusEvent) => {
    inside = true;
    if (event.target !== part) waits = false;
  };
  const onFocusOut = ({ target, relatedTarget }: FocusEvent) => {
    // What is removed loses it as well; then it is still ours to give.
    queueMicrotask(() => {
      const leftByHand = target instanceof Node && target.isConnected;
      if (leftByHand && !part.contains(focusedElement())) inside = false;
    });
    if (relatedTarget instanceof Node && !part.contains(relatedTarget)) inside = false;
  };
  const onChange = () => {
    const focused = focusedElement();
    const isLost = inside && (focused === null || focused === document.body || !focused.isConnected);
    if (!isLost && !(waits && focused === part)) return;
    const control = firstControl(part);
    waits = control === undefined;
    if (focused !== part || control) (control ?? part).focus({ preventScroll: true });
  };
  const observer = new MutationObserver(onChange);
  observer.observe(part, { childList: true, subtree: true });
  part.addEventListener("focusin", onFocusIn);
  part.addEventListener("focusout", onFocusOut);
  return () => {
    observer.disconnect();
    part.removeEventListener("focusin", onFocusIn);
    part.removeEventListener("focusout", onFocusOut);
  };
}

function firstControl(part: HTMLElement): HTMLElement | undefined {
  const controls = [...part.querySelectorAll<HTMLElement>(CONTROLS)];
  return controls.find(
    (control) => control.tabIndex >= 0 && !control.closest(`${ASIDE}, [inert]`) && !isDisabled(control),
  );
}

function isDisabled(control: HTMLElement): boolean {
  return control instanceof HTMLInputElement && (control.disabled || control.type === "range");
}
