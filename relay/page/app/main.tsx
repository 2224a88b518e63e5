import { render } from "preact";
import { App } from "./screens/app.tsx";
import "./style/base.css";
import "./style/controls.css";
import "./style/layout.css";
import "./style/table.css";

render(<App />, document.body);
