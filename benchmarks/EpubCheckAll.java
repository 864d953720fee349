import com.adobe.epubcheck.api.EpubCheck;
import com.adobe.epubcheck.util.WriterReportImpl;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;

/** Checks many EPUBs in one Java machine: a line each that is not clean, and the sums. */
class EpubCheckAll {
  public static void main(String[] names) {
    int fatals = 0, errors = 0, warnings = 0;
    for (String name : names) {
      StringWriter said = new StringWriter();
      WriterReportImpl report = new WriterReportImpl(new PrintWriter(said));
      new EpubCheck(new File(name), report).doValidate();
      int found = report.getFatalErrorCount() + report.getErrorCount() + report.getWarningCount();
      if (found > 0) System.out.println(name + "\n" + said);
      fatals += report.getFatalErrorCount();
      errors += report.getErrorCount();
      warnings += report.getWarningCount();
    }
    System.out.printf("%d books: %d fatals, %d errors, %d warnings%n", names.length, fatals, errors, warnings);
    System.exit(fatals + errors + warnings > 0 ? 1 : 0);
  }
}
