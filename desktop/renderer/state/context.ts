import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Locale } from "./locale.ts";
import type { Store } from "./store.ts";

export const StoreContext = createContext<Store | undefined>(undefined);

/** The window's store. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error("there is no store around this component");
  return store;
}

/** The words and formats of the current language. */
export function useLocale(): Locale {
  return useStore().locale.value;
}
