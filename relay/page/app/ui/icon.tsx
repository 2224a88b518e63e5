/** Drawn in a square of 20, in lines. */
const ICONS = {
  brand: "M3 5.5h14M3 14.5h14M3 10h2.6M8.2 10h3.6M14.4 10H17",
  moon: "M16.5 11.6A7 7 0 1 1 8.4 3.5a5.5 5.5 0 0 0 8.1 8.1Z",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 1.8v1.9M10 16.3v1.9M4.2 4.2l1.3 1.3M14.5 14.5l1.3 1.3M1.8 10h1.9M16.3 10h1.9M4.2 15.8l1.3-1.3M14.5 5.5l1.3-1.3",
  ascending: "M5.5 12 10 7.5l4.5 4.5",
  descending: "M5.5 8 10 12.5 14.5 8",
};

/** A picture beside words, which say the same. */
export function Icon({ name }: { name: keyof typeof ICONS }) {
  const attributes = { fill: "none", stroke: "currentColor", "stroke-width": "1.6" };
  return (
    <svg class="icon" viewBox="0 0 20 20" width={18} height={18} aria-hidden {...attributes}>
      <path d={ICONS[name]} stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
