@customer-company/create
Feature: Every new customer of Customerp appears in Invoiced, exactly once

  @id:alone @req:8 @req:15 @req:16
  Scenario: A customer with nothing but what is required
    Given a Customerp Customer
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And type in Invoiced is company
    And there is 1 Customer in Invoiced
    And one more round writes nothing

  @id:with-everything @req:8 @req:52
  Scenario: A customer with every property filled
    Given a Customerp Customer with
      | property           | value                   |
      | number             | K-1009                  |
      | name               | Nordlicht Optik GmbH    |
      | email              | AP@Nordlicht.example    |
      | phone              | +49 30 5550199          |
      | address.line1      | Hafenstr. 9             |
      | address.line2      | 2. Hof                  |
      | address.city       | Kiel                    |
      | address.region     | SH                      |
      | address.postalCode | 24103                   |
      | address.country    | DE                      |
      | organisationNumber | DE811999000             |
      | currency           | EUR                     |
      | paymentTermsDays   | 30                      |
      | active             | yes                     |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And these values stand in Invoiced
      | property      | value                |
      | number        | K-1009               |
      | name          | Nordlicht Optik GmbH |
      | email         | ap@nordlicht.example |
      | phone         | +49 30 5550199       |
      | address1      | Hafenstr. 9          |
      | address2      | 2. Hof               |
      | city          | Kiel                 |
      | state         | SH                   |
      | postal_code   | 24103                |
      | country       | DE                   |
      | tax_id        | DE811999000          |
      | currency      | eur                  |
      | payment_terms | NET 30               |
      | active        | yes                  |
    And one more round writes nothing

  @id:unusual-names
  Scenario Outline: The name arrives letter for letter: <case>
    Given a Customerp Customer with
      | property | value  |
      | name     | <name> |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And name in Invoiced is <name>
    And one more round writes nothing

    Examples: names that programs stumble over
      | case        | name                       |
      | umlauts     | Ångström & Søn Überfahrt   |
      | other signs | 株式会社 Ünïcode           |
      | markup      | <b>Bold</b> & "Sons"       |
      | formula     | =1+1 Holding               |

  @id:many @req:8
  Scenario: More customers than fit on one page
    Given 101 Customerp Customers
    When the sync comes to rest
    Then there are 101 Customers in Invoiced
    And each of them has exactly one counterpart in Invoiced
    And one more round writes nothing

  @id:restarted @req:9
  Scenario: The sync is started again after the customer has arrived
    Given a Customerp Customer
    And the sync has come to rest
    When the sync is started again
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Customer in Invoiced
    And the sync has written nothing since

  @id:refused @req:10 @req:14 @req:71
  Scenario: A customer that Invoiced refuses holds up nobody and arrives once it is corrected
    Given a Customerp Customer with
      | property | value          |
      | email    | ap@localhost |
    And a Customerp Customer with
      | property | value            |
      | email    | fine@example.org |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Customer in Invoiced
    And the sync reports needs attention on email
    When email of the first Customer is set to good@example.org in Customerp
    And the sync comes to rest
    Then there are 2 Customers in Invoiced
    And each of them has exactly one counterpart in Invoiced
    And one more round writes nothing
