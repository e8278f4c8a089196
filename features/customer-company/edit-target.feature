@customer-company/edit-target
Feature: A company edited in Invoiced arrives in Customerp

  Background:
    Given a Customerp Customer linked with its Invoiced Customer

  @id:property @req:35 @req:38 @req:47
  Scenario Outline: <case>
    Given its <counterpart> is <before> on both sides
    When <property> is set to <after> in Invoiced
    And the sync comes to rest
    Then <counterpart> in Customerp is <arrived>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: suggested in the supplement
      | case                       | property      | counterpart        | before        | after              | arrived           |
      | number changed             | number        | number             | K-1           | K-2                | K-2               |
      | name changed               | name          | name               | Nordlicht AS  | Polarlicht AS      | Polarlicht AS     |
      | name in other signs        | name          | name               | Nordlicht AS  | 株式会社 Ünïcode   | 株式会社 Ünïcode  |
      | email changed              | email         | email              | a@example.org | b@example.org      | b@example.org     |
      | email cleared              | email         | email              | a@example.org | (nothing)          | (nothing)         |
      | phone filled               | phone         | phone              | (nothing)     | +47 22 00 00 00    | +47 22 00 00 00   |
      | phone cleared              | phone         | phone              | 5550100       | (nothing)          | (nothing)         |
      | first line changed         | address1      | address.line1      | Hafenstr. 9   | Kai 4, Tor B       | Kai 4, Tor B      |
      | second line cleared        | address2      | address.line2      | 2. Hof        | (nothing)          | (nothing)         |
      | city changed               | city          | address.city       | Kiel          | Tromsø             | Tromsø            |
      | region filled              | state         | address.region     | (nothing)     | Troms              | Troms             |
      | leading zero kept          | postal_code   | address.postalCode | 24103         | 0151               | 0151              |
      | country changed            | country       | address.country    | DE            | NO                 | NO                |
      | organisation number filled | tax_id        | organisationNumber | (nothing)     | 00912345678        | 00912345678       |
      | currency in small letters  | currency      | currency           | EUR           | nok                | NOK               |
      | payment terms changed      | payment_terms | paymentTermsDays   | 30            | NET 14             | 14                |
      | payment terms cleared      | payment_terms | paymentTermsDays   | 30            | (nothing)          | (nothing)         |
      | company switched off       | active        | active             | yes           | no                 | no                |
      | company switched on        | active        | active             | no            | yes                | yes               |

  @id:terms-without-days
  Scenario: Terms that have no number of days are reported and leave Customerp alone
    Given its paymentTermsDays is 30 on both sides
    When payment_terms is set to Due on receipt in Invoiced
    And the sync comes to rest
    Then paymentTermsDays in Customerp is 30
    And payment_terms in Invoiced is Due on receipt
    And the sync reports unmappable on paymentTermsDays
    And nothing else has changed on either side
    And one more round writes nothing
