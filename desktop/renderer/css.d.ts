// Style sheets are imported for their effect only: the build gathers them into one file.
declare module "*.css";
