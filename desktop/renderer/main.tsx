import { effect } from "@preact/signals";
import { render } from "preact";
import "../../shared/ui/styles/tokens.css";
import "../../shared/ui/styles/base.css";
import "../../shared/ui/styles/controls.css";
import "../../shared/ui/styles/status.css";
import "../../shared/ui/styles/table.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/components.css";
import "./styles/screens.css";
import { App } from "./app.tsx";
import { StoreContext } from "./state/context.ts";
import { Store } from "./state/store.ts";

const store = new Store(window.laneway);

effect(() => {
  document.documentElement.dataset["theme"] = store.theme.value;
  document.documentElement.lang = store.locale.value.language;
});

await store.start();
const place = document.getElementById("app");
if (place !== null) {
  render(
    <StoreContext value={store}>
      <App />
    </StoreContext>,
    place,
  );
}
