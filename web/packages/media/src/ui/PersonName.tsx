const NUMBER = /^\+?[\d\s()-]+$/;

/** Who somebody is, apart from the direction of the words around it. A number runs left to right in every script. */
export function PersonName({ name, className }: { name: string; className?: string }) {
  return (
    <bdi {...(NUMBER.test(name) ? { dir: "ltr" } : {})} className={className}>
      {name}
    </bdi>
  );
}
