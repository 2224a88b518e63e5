import { useEffect, useState } from "preact/hooks";
import type { QRCode } from "qrcode";

/** Width of the quiet zone around a code, in modules (ISO/IEC 18004). */
const QUIET = 4;

/** A QR code, computed in the browser so that its content is sent nowhere. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [code, setCode] = useState<QRCode>();
  useEffect(() => {
    // Loaded on demand because few users need it.
    import("qrcode/lib/core/qrcode.js").then(({ create }) =>
      setCode(create(text, { errorCorrectionLevel: "M" })),
    );
  }, [text]);
  if (code === undefined) return null;
  const { size, data } = code.modules;
  let drawn = "";
  for (let i = 0; i < size * size; i++) {
    if (data[i]) drawn += `M${(i % size) + QUIET} ${Math.floor(i / size) + QUIET}h1v1h-1z`;
  }
  const side = size + 2 * QUIET;
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${side} ${side}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <path fill="#fff" d={`M0 0h${side}v${side}h-${side}z`} />
      <path fill="#000" d={drawn} />
    </svg>
  );
}
