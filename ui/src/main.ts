/** Entry of the desk's window: styles, then the application. */
import "./tokens.css";
import "./app.css";
import { mount } from "svelte";
import { provideBackend, tauriBackend } from "./backend";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app element");
provideBackend(tauriBackend());
mount(App, { target });
