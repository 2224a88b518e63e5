import { render } from "preact";
import { App } from "./screens/frame/app.tsx";
import "../../../shared/ui/styles/tokens.css";
import "../../../shared/ui/styles/base.css";
import "../../../shared/ui/styles/controls.css";
import "../../../shared/ui/styles/status.css";
import "../../../shared/ui/styles/table.css";
import "./style/base.css";
import "./style/controls.css";
import "./style/layout.css";

render(<App />, document.body);
