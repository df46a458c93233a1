/** Whether a file or directory, by its path relative to the task, is to be sent. */
export type FileFilter = (path: string, directory: boolean) => boolean

/** Takes everything. */
export const everything: FileFilter = () => true

/** The filters of a task, as settings write them. */
export function filterOf(include: string, exclude: string): FileFilter {
  void include
  void exclude
  return everything
}
