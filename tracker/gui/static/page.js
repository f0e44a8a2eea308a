// What every page may use. Nothing here is needed to do something: pages work without scripts.
