// Style sheets are imported for their effect alone: the build gathers them into one file.
declare module "*.css";
